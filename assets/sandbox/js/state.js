// What the page knows, and who is told when it changes.
import { act, get } from "./api.js";
import { language } from "./text.js";

export const state = {
  world: { guilds: [], people: [], commands: [], names: {}, bot: "0" },
  /** Who one is. */
  user: sessionStorage.getItem("user"),
  /** `home` (direct messages and mail) or a server's id. */
  guild: null,
  /** The channel that is shown; null in the mailbox. */
  channel: null,
  /** What is shown there, the oldest first. */
  messages: [],
  hasMore: false,
  /** The newest messages of every channel, by id, for the unread marks. */
  tails: {},
  connected: false,
  insight: null,
};

const listeners = new Map();

/** Calls `listener` at each of these events: world, place, messages, insight, clock, language. */
export function on(events, listener) {
  for (const event of events.split(" ")) {
    if (!listeners.has(event)) listeners.set(event, []);
    listeners.get(event).push(listener);
  }
}

export function emit(event, detail) {
  for (const listener of listeners.get(event) ?? []) listener(detail);
}

export const person = () => state.world.people.find((one) => one.id === state.user);
export const guild = () => state.world.guilds.find((one) => one.id === state.guild);
export const isHome = () => state.guild === "home";
export const isMail = () => isHome() && state.channel === null;
export const nameOf = (user) => state.world.names[user] ?? user;
export const guildOf = (channel) =>
  state.world.guilds.find((one) => one.channels.some((c) => c.id === channel));
export const channelName = (channel) => guildOf(channel)?.channels.find((c) => c.id === channel)?.name;

/** The first of these people, or servers, that speaks the page's language; or else the first. */
export const native = (all) => all.find((one) => one.locale.startsWith(language())) ?? all[0];

export async function loadWorld() {
  const world = await get("/local/world");
  if (world.status !== 200) return false;
  state.world = world;
  state.connected = world.connected;
  if (!person()) state.user = native(world.people)?.id ?? null;
  if (!state.guild) restore();
  emit("clock", world.now_ms);
  emit("world");
  return true;
}

function restore() {
  const channel = sessionStorage.getItem("channel");
  const found = guildOf(channel) ?? native(state.world.guilds);
  if (!found) return;
  go(found.id, found.channels.some((one) => one.id === channel) ? channel : undefined);
}

/** Shows a channel of a server, the first one unless told which; `home` shows direct messages. */
export function go(guildId, channel) {
  state.guild = guildId;
  const first = isHome() ? person()?.direct : guild()?.channels[0]?.id;
  state.channel = channel === undefined ? (first ?? null) : channel;
  if (state.channel) sessionStorage.setItem("channel", state.channel);
  state.messages = [];
  state.hasMore = false;
  emit("place");
}

/** Becomes somebody else, in the same place as far as they are there. */
export function become(user) {
  if (user === state.user) return;
  state.user = user;
  sessionStorage.setItem("user", user);
  go(state.guild, isHome() && state.channel ? undefined : state.channel);
  emit("world");
}

/** What the person does in the channel they look at, or elsewhere. */
export function does(action, { user = state.user, channel = state.channel, files } = {}) {
  return act({ user, channel, ...action }, files);
}

// What each person has read, by channel: the newest message that was on the screen.
const read = JSON.parse(sessionStorage.getItem("read") ?? "{}");

export function markRead() {
  const newest = state.messages.at(-1)?.id;
  if (!newest || !state.channel || document.hidden) return;
  const key = `${state.user}/${state.channel}`;
  if (read[key] === newest) return;
  read[key] = newest;
  sessionStorage.setItem("read", JSON.stringify(read));
  emit("unread");
}

export const lastRead = (channel) => read[`${state.user}/${channel}`] ?? "0";

/** How many messages of a channel came that the person has not seen. */
export function unread(channel) {
  if (channel === state.channel && !document.hidden) return 0;
  const seen = BigInt(lastRead(channel));
  return (state.tails[channel] ?? []).filter((id) => BigInt(id) > seen).length;
}
