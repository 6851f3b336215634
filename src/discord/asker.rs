//! Who asks, whatever they used to ask: a command, a button, a menu, a form.

use poise::serenity_prelude as serenity;

use crate::error::UserError;
use crate::i18n::Language;
use crate::ids::{ChannelId, GuildId, UserId, snowflake_ms};
use crate::timeattack::Actor;

/// The person behind an interaction and where they are, as Discord says.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// The interaction's id, which also tells when it was made.
    pub(super) interaction: u64,
    /// For follow-ups.
    pub(super) token: String,
    pub(super) guild: GuildId,
    pub(super) channel: ChannelId,
    pub(super) user: UserId,
    /// The name that this guild knows them by.
    pub(super) name: String,
    /// Their language, for what only they see.
    pub(super) language: Language,
    /// What Discord says the guild speaks.
    pub(super) guild_language: Language,
    /// Whether they have Manage Server, all roles and overwrites counted.
    manages: bool,
}

/// The language for a person's locale.
pub(super) fn language(locale: &str) -> Language {
    Language::from_locale(locale)
}

/// Reads the fields that the kinds of interactions share.
macro_rules! asker_of {
    ($interaction:expr) => {{
        let interaction = $interaction;
        let (Some(guild), Some(member)) = (interaction.guild_id, &interaction.member) else {
            return Err(UserError::OnlyInServers);
        };
        let permissions = member.permissions.unwrap_or_default();
        let language = language(&interaction.locale);
        let guild_locale = interaction.guild_locale.as_deref();
        Ok(Asker {
            interaction: interaction.id.get(),
            token: interaction.token.clone(),
            guild: guild.get().into(),
            channel: interaction.channel_id.get().into(),
            user: interaction.user.id.get().into(),
            name: member.display_name().to_owned(),
            language,
            guild_language: guild_locale.map_or(language, Language::from_locale),
            manages: permissions.manage_guild() || permissions.administrator(),
        })
    }};
}

impl Asker {
    pub(super) fn of_command(
        interaction: &serenity::CommandInteraction,
    ) -> Result<Self, UserError> {
        asker_of!(interaction)
    }

    pub(super) fn of_component(
        interaction: &serenity::ComponentInteraction,
    ) -> Result<Self, UserError> {
        asker_of!(interaction)
    }

    pub(super) fn of_form(interaction: &serenity::ModalInteraction) -> Result<Self, UserError> {
        asker_of!(interaction)
    }

    /// As the use cases know them. What counts is when they clicked, by Discord's clock.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            guild: self.guild,
            user: self.user,
            clicked_ms: snowflake_ms(self.interaction),
        }
    }

    /// Whether they have Manage Server.
    pub(super) fn manages(&self) -> bool {
        self.manages
    }

    /// Checked at every use: what Discord shows to whom (`default_member_permissions`) can be
    /// changed by a guild's admins, and a button can be pressed by whoever sees it.
    pub(super) fn require_manage_server(&self) -> Result<(), UserError> {
        if self.manages {
            Ok(())
        } else {
            Err(UserError::NeedsManageServer)
        }
    }
}
