// A story that plays itself: the people's own commands, by the same door as everybody's.
import { now } from "./clock.js";
import { $, h, icon } from "./dom.js";
import { isDown, kill } from "./inside.js";
import { become, does, go, on, state } from "./state.js";
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

async function until(look, ms, signal) {
  const end = now() + ms;
  for (;;) {
    const found = look();
    if (found) return found;
    if (now() > end) throw new Error(t("no-answer"));
    await pause(100, signal);
  }
}

async function tell(signal) {
  const [first] = state.world.guilds,
    [mina, jamong] = state.world.people;
  const channel = first?.channels[0]?.id;
  if (!channel || !jamong) throw new Error(t("none-running"));
  const where = (one) => ({ user: one.id, channel });
  const say = async (one, action) => {
    const answer = await does(action, where(one));
    if (answer.refused) throw new Error(refusal(answer.refused));
    signal.throwIfAborted();
  };
  const start = (one, task, limit) =>
    say(one, {
      do: "command",
      path: "timeattack start",
      options: [
        { name: "task", value: task },
        { name: "limit", value: limit },
      ],
    });
  // What came since the story looked last.
  let known = state.messages.at(-1)?.id ?? "0";
  const fresh = () => state.messages.filter((one) => BigInt(one.id) > BigInt(known));
  const mark = () => {
    known = state.messages.at(-1)?.id ?? known;
  };
  const button = (name) =>
    fresh()
      .flatMap((one) =>
        one.components
          .flatMap((row) => row.components ?? [])
          .filter((part) => part.custom_id?.startsWith(`ta:${name}:`))
          .map((part) => ({ message: one.id, custom_id: part.custom_id })),
      )
      .at(-1);
  const said = (marker) => fresh().some((one) => marker.test(JSON.stringify([one.content, one.embeds])));

  go(first.id, channel);
  become(mina.id);
  await pause(300, signal);
  await until(() => !isDown(), 15_000, signal);
  mark();
  caption(t("story-start"));
  await start(mina, t("story-task-1"), "20s");
  const complete = await until(() => button("complete"), 5_000, signal);
  await pause(4_000, signal);
  caption(t("story-tick"));
  await pause(4_500, signal);
  caption(t("story-complete"));
  mark();
  await say(mina, { do: "click", ...complete });
  await pause(5_500, signal);

  become(jamong.id);
  mark();
  caption(t("story-fail"));
  await start(jamong, t("story-task-2"), "10s");
  await until(() => said(/```/), 20_000, signal);
  caption(t("story-failed"));
  await pause(6_500, signal);

  become(mina.id);
  await pause(300, signal);
  mark();
  caption(t("story-kill"));
  await start(mina, t("story-task-3"), "10s");
  await until(() => button("complete"), 5_000, signal);
  await pause(4_000, signal);
  mark();
  const killed = await kill(null, 13_000);
  if (killed.refused && killed.status !== 404) throw new Error(refusal(killed.refused));
  caption(t("story-dead"));
  await until(() => said(/```/), 40_000, signal);
  caption(t("story-back"));
  await pause(7_000, signal);
  caption(t("story-end"));
}
