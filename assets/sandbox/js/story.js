// A story that plays itself: the people's own commands, by the same door as everybody's.
import { get } from "./api.js";
import { untilHour, zone } from "./clock.js";
import { $, h, icon } from "./dom.js";
import { forward, isDown, kill } from "./inside.js";
import { become, does, go, native, on, state } from "./state.js";
import { refusal, t } from "./text.js";

let playing = null;

export function startStory() {
  const button = h("button", { type: "button", class: "button primary play", id: "play" });
  $("tools").prepend(button);
  const label = () => {
    const word = t(playing ? "stop" : "play");
    button.replaceChildren(icon(playing ? "stop" : "play"), h("span", {}, word));
    button.setAttribute("aria-label", word);
    button.setAttribute("aria-pressed", String(Boolean(playing)));
  };
  label();
  on("language", label);
  button.addEventListener("click", async () => {
    if (playing) {
      playing.abort();
      return;
    }
    playing = new AbortController();
    label();
    const { signal } = playing;
    try {
      await tell(signal);
    } catch (error) {
      caption(signal.aborted ? t("story-stopped") : t("story-broke", { why: error.message }));
    }
    playing = null;
    label();
    setTimeout(() => {
      if (!playing) $("caption").hidden = true;
    }, 8000);
  });
}

function caption(text) {
  $("caption").hidden = false;
  $("caption").replaceChildren(h("p", {}, text));
}

/** Goes on at the sandbox's time, or not at all once the story was stopped. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(new Error("stopped"));
      },
      { once: true },
    );
    if (signal.aborted) reject(new Error("stopped"));
  });
}

/** What `look` finds; if nothing comes within `ms` (of the reader's time), `why` says what is wrong. */
async function until(look, ms, signal, why) {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(isDown() ? t("down") : why());
    await pause(100, signal);
  }
}

/** What stands in a channel for this person. */
async function read(channel, user) {
  const { messages = [] } = await get(`/local/channels/${channel}/messages?user=${user}`);
  return messages.map((message) => ({ ...message, channel }));
}

/** What stands in the server's channels for this person, whichever of them is looked at. */
const everywhere = async (server, user) =>
  (await Promise.all(server.channels.map(({ id }) => read(id, user)))).flat();

/**
 * One server and what is done in it. What came of it is what the bot knows (`/local/insight`), not
 * what it wrote: its words and where it writes them are settings of the server.
 */
function stage(server, signal) {
  const channel = server.channels[0].id;
  const show = (where) => {
    if (state.guild !== server.id || state.channel !== where) go(server.id, where);
  };
  const act = async (one, action, where = channel) => {
    const answer = await does(action, { user: one.id, channel: where });
    if (answer.refused) throw new Error(refusal(answer.refused));
    signal.throwIfAborted();
    return answer;
  };
  /** What the bot said to the person alone is why it did not do it. */
  const reason = (answer, word, task) => () => (answer.ephemeral && answer.text) || t(word, { task });
  const running = () => state.insight.running.next.filter((one) => one.guild === server.id);
  const direct = (one) => read(state.world.people.find(({ id }) => id === one.id).direct, one.id);
  return {
    /** Allows direct messages by day. */
    async allow(one) {
      const options = [{ name: "night", value: false }];
      await act(one, { do: "command", path: "dm allow", options });
    },
    /** Turns the clock to the next such hour of the server's day. */
    async turnTo(hour) {
      const turned = await forward(untilHour(hour, zone(server.id)));
      if (turned.refused) throw new Error(refusal(turned.refused));
      signal.throwIfAborted();
    },
    /** Waits until a direct message is held; returns what waits for it to come. */
    async held(one) {
      const waits = () => state.insight.lanes.some(({ lane, waiting }) => lane === "dm" && waiting > 0);
      await until(waits, 5_000, signal, () => t("story-not-held"));
      const last = (await direct(one)).at(-1)?.id ?? "0";
      const came = async () => (await direct(one)).some(({ id }) => BigInt(id) > BigInt(last));
      return () => until(came, 15_000, signal, () => t("story-no-morning"));
    },
    /** The person, looking at the channel where the story plays. */
    async enter(one) {
      show(channel);
      become(one.id);
      await pause(300, signal);
    },
    async start(one, task, limit) {
      const before = running().map((attack) => attack.id);
      const options = [
        { name: "task", value: task },
        { name: "limit", value: limit },
      ];
      const answer = await act(one, { do: "command", path: "timeattack start", options });
      const isNew = (attack) => attack.user === one.id && attack.task === task && !before.includes(attack.id);
      return until(() => running().find(isNew), 5_000, signal, reason(answer, "story-no-start", task));
    },
    /** Presses the button of its message, wherever that is. */
    async complete(one, { id, task }) {
      const isButton = (part) => part.custom_id?.split("~")[0] === `ta:complete:${id}`;
      const press = async () => {
        for (const message of await everywhere(server, one.id)) {
          const part = message.components.flatMap((row) => row.components ?? []).find(isButton);
          if (part) return { message, custom_id: part.custom_id };
        }
        return null;
      };
      const { message, custom_id } = await until(press, 5_000, signal, () => t("story-no-button", { task }));
      show(message.channel);
      const answer = await act(one, { do: "click", message: message.id, custom_id }, message.channel);
      const isOver = () => !running().some((attack) => attack.id === id);
      await until(isOver, 5_000, signal, reason(answer, "story-still-runs", task));
    },
    /** Waits for the verdict at its deadline, and looks at it. */
    async verdict(one, { id, task }, ms) {
      const known = () => state.insight.verdicts.find((verdict) => verdict.attack === id);
      const { message } = await until(known, ms, signal, () => t("story-no-verdict", { task }));
      const posted = (await everywhere(server, one.id)).find((shown) => shown.id === message);
      if (posted) show(posted.channel);
    },
  };
}

async function tell(signal) {
  // In the reader's language, with somebody who speaks it.
  const { guilds, people } = state.world;
  const server = native(guilds),
    first = native(people),
    second = people.find((one) => one !== first);
  if (!server?.channels.length || !second) throw new Error(t("story-no-stage"));
  await until(
    () => state.insight && !isDown(),
    15_000,
    signal,
    () => t("not-there"),
  );
  const { enter, start, complete, verdict, allow, turnTo, held } = stage(server, signal);
  const names = { first: first.name, second: second.name };

  await enter(first);
  caption(t("story-start", names));
  const plants = await start(first, t("story-task-1"), "20s");
  await pause(3_000, signal);
  caption(t("story-tick"));
  await pause(3_000, signal);
  caption(t("story-complete", names));
  await complete(first, plants);
  await pause(4_000, signal);

  await enter(second);
  caption(t("story-fail", names));
  const problems = await start(second, t("story-task-2"), "7s");
  await verdict(second, problems, 30_000);
  caption(t("story-failed"));
  await pause(4_500, signal);

  await enter(first);
  caption(t("story-kill", names));
  const desk = await start(first, t("story-task-3"), "8s");
  await pause(2_500, signal);
  const killed = await kill(null, 11_500);
  if (killed.refused) throw new Error(refusal(killed.refused));
  caption(t("story-dead"));
  // It is away for a while, and says so: that is the story.
  await until(
    () => !isDown(),
    40_000,
    signal,
    () => t("down"),
  );
  await verdict(first, desk, 30_000);
  caption(t("story-back"));
  await pause(5_000, signal);

  await enter(first);
  caption(t("story-night", names));
  await allow(first);
  await pause(2_500, signal);
  await turnTo(22);
  const book = await start(first, t("story-task-4"), "6s");
  await verdict(first, book, 30_000);
  const morning = await held(first);
  caption(t("story-held"));
  await pause(5_000, signal);
  await turnTo(9);
  await morning();
  go("home");
  caption(t("story-morning"));
  await pause(5_000, signal);
  await enter(first);
  caption(t("story-end"));
}
