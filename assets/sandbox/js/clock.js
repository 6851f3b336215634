// The sandbox's time, which can be turned forward, and times that tick.
import { h } from "./dom.js";
import { emit, on, state } from "./state.js";
import { language, t } from "./text.js";

// How far the sandbox's clock is ahead of this browser's.
let ahead = 0;

export const now = () => Date.now() + ahead;

on("clock", (ms) => {
  ahead = ms - Date.now();
});

/** The zone of a server, unless told which the one one looks at, where the bot has told it. */
export const zone = (guild = state.guild) => state.insight?.zones?.[guild] ?? "Asia/Seoul";

/** How long it is until a full hour (0 to 23) of a zone comes next. */
export function untilHour(hour, timeZone) {
  const clock = new Intl.DateTimeFormat("en", {
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
    timeZone,
  });
  const parts = Object.fromEntries(
    clock.formatToParts(now()).map(({ type, value }) => [type, Number(value)]),
  );
  const passed = parts.hour * 3_600 + parts.minute * 60 + parts.second;
  return ((hour * 3_600 - passed + 86_400) % 86_400 || 86_400) * 1000;
}

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const made = new Map();

/** An Intl formatter: they are slow to make, and few. */
export function format(options, at, timeZone) {
  const key = JSON.stringify([language(), options, timeZone]);
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(language(), { ...options, timeZone }));
  return made.get(key).format(at);
}

function relative(at) {
  const seconds = Math.round((at - now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(
    Math.trunc(seconds / size),
    unit,
  );
}

/** `<t:SECONDS:STYLE>`: it ticks as long as it is on the page. */
export function timestamp(seconds, style) {
  const at = Number(seconds) * 1000;
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return null;
  const node = h("time", {
    class: "stamp",
    dataset: { at, style: style ?? "f" },
    datetime: new Date(at).toISOString(),
  });
  node.title = format(STYLES.F, at, zone());
  tick(node);
  return node;
}

function tick(node) {
  const { at, style } = node.dataset;
  const text = style === "R" ? relative(Number(at)) : format(STYLES[style] ?? STYLES.f, Number(at), zone());
  if (node.textContent !== text) node.textContent = text;
}

/** What is left until a time: `1:02:03`, `4:05`, then tenths of the last ten seconds. */
export function left(at) {
  const ms = at - now();
  if (ms <= 0) return t("due");
  if (ms < 10_000) return (ms / 1000).toFixed(1);
  const seconds = Math.ceil(ms / 1000),
    pad = (value) => String(value).padStart(2, "0");
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24];
  const rest = `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  if (days) return t("days", { days, rest: `${hours}:${rest}` });
  return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

export function startTicking() {
  setInterval(() => {
    document.querySelectorAll("time.stamp").forEach(tick);
    emit("tick");
  }, 1000);
  on("language", () => document.querySelectorAll("time.stamp").forEach(tick));
}
