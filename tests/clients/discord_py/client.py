"""A bot by discord.py that talks to the local Discord.

    client.py http://127.0.0.1:7777 TOKEN

It registers `/ping word:<text>` in the one guild it is in, answers it with a button, answers the
click with a form, and ends when the form was submitted: with 0, or with 1 after 20 seconds, on any
error, or when Discord refuses something.

On stdout is one line of JSON per event, each printed when the bot is ready for the next one:
`{"event": "ready"}`, `{"event": "command", "word": …}`, `{"event": "click"}`,
`{"event": "modal", "text": …}`. discord.py keeps a button or a form only once its answer has been
accepted and drops, without a word, what comes before, so a driver must wait for the line. Logs go
to stderr.

The one thing bent is the address of the REST API. `AutoShardedClient`, because it asks
`GET /gateway/bot` where the gateway is; `Client` connects to gateway.discord.gg unasked.
"""

import asyncio
import json
import logging
import sys

import discord
from discord import app_commands
from discord.http import Route

TIME_LIMIT_SECS = 20
# discord.py calls itself ready when no guild has come for this long; 2 by default.
GUILD_WAIT_SECS = 0.2


def say(event: str, **fields: str) -> None:
    print(json.dumps({'event': event, **fields}, ensure_ascii=False), flush=True)


class Form(discord.ui.Modal, title='A form'):
    text = discord.ui.Label(
        text='Text', component=discord.ui.TextInput(custom_id='text', max_length=100)
    )

    def __init__(self, bot: 'Bot') -> None:
        super().__init__(custom_id='form')
        self.bot = bot

    async def on_submit(self, interaction: discord.Interaction) -> None:
        text = self.text.component.value
        await interaction.response.send_message(f'You wrote {text}', ephemeral=True)
        say('modal', text=text)
        self.bot.finished.set_result(None)

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        self.bot.fail(error)


class Buttons(discord.ui.View):
    def __init__(self, bot: 'Bot') -> None:
        super().__init__()
        self.bot = bot

    @discord.ui.button(label='Open', custom_id='open', style=discord.ButtonStyle.primary)
    async def open(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.send_modal(Form(self.bot))
        say('click')

    async def on_error(
        self, interaction: discord.Interaction, error: Exception, item: discord.ui.Item
    ) -> None:
        self.bot.fail(error)


class Bot(discord.AutoShardedClient):
    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True), guild_ready_timeout=GUILD_WAIT_SECS
        )
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self.on_command_error)

    async def setup_hook(self) -> None:
        self.finished = asyncio.get_running_loop().create_future()

    async def on_ready(self) -> None:
        (guild,) = self.guilds

        @self.tree.command(name='ping', description='Says a word back', guild=guild)
        @app_commands.describe(word='The word')
        async def ping(interaction: discord.Interaction, word: str) -> None:
            await interaction.response.send_message(f'pong {word}', view=Buttons(self))
            say('command', word=word)

        await self.tree.sync(guild=guild)
        say('ready')

    async def on_command_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        self.fail(error)

    async def on_error(self, event: str, *args: object, **kwargs: object) -> None:
        self.fail(sys.exception() or RuntimeError(event))

    def fail(self, error: BaseException) -> None:
        if not self.finished.done():
            self.finished.set_exception(error)


async def run(base: str, token: str) -> None:
    Route.BASE = f'{base.rstrip("/")}/api/v10'
    async with Bot() as bot, asyncio.timeout(TIME_LIMIT_SECS):
        await bot.login(token)
        connection = asyncio.create_task(bot.connect())
        await asyncio.wait([connection, bot.finished], return_when=asyncio.FIRST_COMPLETED)
        if not bot.finished.done():
            # A connection that ends by itself has an exception, or was closed on us.
            await connection
            raise ConnectionError('the gateway closed for good')
        await bot.finished
        await bot.close()
        await connection


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.utils.setup_logging(level=logging.WARNING)
    try:
        asyncio.run(run(sys.argv[1], sys.argv[2]))
    except Exception:
        logging.exception('failed')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
