// The messages of the channel that is shown, kept up to date.
import { get } from "./api.js";
import { format, zone } from "./clock.js";
import { $, avatar, h, isStill } from "./dom.js";
import { draw, isEphemeral } from "./message.js";
import { channelName, emit, isHome, lastRead, loadWorld, markRead, nameOf, on, state } from "./state.js";
import { language, t } from "./text.js";

const GROUP_MS = 7 * 60_000;
const STEP = 100,
  MOST = 1500;
const dismissed = new Set(JSON.parse(sessionStorage.getItem("dismissed") ?? "[]"));

let asking = new AbortController(),
  seen = null,
  limit = STEP;
/** What is on the page, by key: the node, and what it was made of. */
let drawn = new Map();
/** Where “New” stands: the last message read when the place was opened. */
let newAfter = "0",
  isFresh = true,
  atEnd = true,
  headed = null;

export function startTimeline() {
  newAfter = lastRead(state.channel);
  on("place", () => {
    limit = STEP;
    newAfter = lastRead(state.channel);
    isFresh = true;
    atEnd = true;
    drawn = new Map();
    $("messages").replaceChildren();
    again();
  });
  on("language world", show);
  on("sent", () => {
    atEnd = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (atEnd) markRead();
  });
  const scroller = $("scroller");
  scroller.addEventListener("scroll", () => {
    atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  });
  new ResizeObserver(() => {
    if (atEnd) toEnd();
  }).observe(scroller);
  // A picture that loads late pushes the end away.
  scroller.addEventListener(
    "load",
    () => {
      if (atEnd) toEnd();
    },
    true,
  );
  $("messages").addEventListener("keydown", walk);
  poll();
}

function again() {
  seen = null;
  asking.abort();
}

async function poll() {
  for (;;) {
    asking = new AbortController();
    try {
      if (await once(asking.signal)) continue;
    } catch (error) {
      if (error.name === "AbortError") continue;
      throw error;
    }
    await new Promise((wait) => setTimeout(wait, 1000));
    await loadWorld();
  }
}

/** One look; false when it should not be taken at once again. */
async function once(signal) {
  const { channel, user } = state;
  // The mailbox has no channel; another one's marks are still to be kept.
  const asked =
    channel ??
    state.world.people.find((one) => one.id === user)?.direct ??
    state.world.guilds[0]?.channels[0]?.id;
  if (!asked || !user) return false;
  const wait = seen === null ? "" : `&wait=${seen}`;
  const answer = await get(`/local/channels/${asked}/messages?user=${user}&limit=${limit}${wait}`, signal);
  if (channel !== state.channel || user !== state.user) return true;
  if (answer.status !== 200) {
    seen = null;
    state.connected = false;
    emit("connected");
    return false;
  }
  const hadBot = state.connected;
  Object.assign(state, {
    tails: answer.tails,
    connected: answer.connected,
    messages: channel ? answer.messages : [],
    hasMore: answer.has_more,
  });
  seen = answer.seen;
  emit("clock", answer.now_ms);
  emit("messages");
  show();
  isFresh = false;
  if (
    hadBot !== answer.connected ||
    !state.world.commands.length ||
    Object.keys(answer.tails).some((id) => !isKnown(id))
  ) {
    await loadWorld();
    emit("connected");
  }
  return true;
}

const isKnown = (id) =>
  state.world.people.some((one) => one.direct === id) ||
  state.world.guilds.some((one) => one.channels.some((c) => c.id === id));

function dismiss(message) {
  dismissed.add(message.id);
  sessionStorage.setItem("dismissed", JSON.stringify([...dismissed].slice(-500)));
  show();
  $("line").focus();
}

function show() {
  if (!state.channel) return;
  const wanted = items();
  const before = drawn,
    fresh = [];
  drawn = new Map();
  for (const { key, made, node } of wanted) {
    const old = before.get(key);
    const kept = old?.made === made ? old : { made, node: node() };
    if (!old && key.startsWith("m")) fresh.push(kept.node);
    drawn.set(key, kept);
  }
  settle([...drawn.values()].map((one) => one.node));
  const last = $("messages").querySelector(".message:last-of-type");
  $("messages")
    .querySelectorAll('.message[tabindex="0"]')
    .forEach((one) => {
      if (one !== document.activeElement) one.tabIndex = -1;
    });
  if (last) last.tabIndex = 0;
  if (!isFresh) announce(fresh);
  if (atEnd) {
    toEnd();
    markRead();
  }
}

/** Puts the nodes on the page, touching only those that changed, and keeps the focus. */
function settle(nodes) {
  const list = $("messages"),
    focused = list.contains(document.activeElement) ? document.activeElement : null;
  const { custom } = focused?.dataset ?? {},
    item = focused?.closest(".message")?.dataset.id;
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  while (list.children.length > nodes.length) list.lastElementChild.remove();
  if (focused && !focused.isConnected) {
    const back = list.querySelector(`[data-id="${item}"]`);
    const same = custom ? back?.querySelector(`[data-custom="${CSS.escape(custom)}"]:not(:disabled)`) : null;
    (same ?? back)?.focus({ preventScroll: true });
  }
}

function items() {
  const messages = state.messages.filter((one) => !dismissed.has(one.id)),
    all = [];
  const put = (key, made, node) => all.push({ key, made: `${language()} ${zone()} ${made}`, node });
  if (state.hasMore) put("older", "", older);
  else put("welcome", state.channel, welcome);
  let before = null,
    hasNew = newAfter === "0";
  for (const message of messages) {
    const day = format({ dateStyle: "full" }, Date.parse(message.timestamp), zone());
    const isNewDay = !before || before.day !== day;
    if (isNewDay) put(`d${day}`, "", () => h("li", { class: "divider" }, h("span", {}, day)));
    const isNew = !hasNew && BigInt(message.id) > BigInt(newAfter) && message.author.id !== state.user;
    if (isNew) {
      hasNew = true;
      put("new", "", () => h("li", { class: "divider new" }, h("span", {}, t("new-messages"))));
    }
    const isGrouped = !isNewDay && !isNew && follows(message, before.message);
    // What follows an answer says no second time which command it answers.
    const isMore = Boolean(message.interaction) && message.interaction.id === before?.message.interaction?.id;
    put(`m${message.id}`, JSON.stringify([message, isGrouped, isMore, state.world.names]), () =>
      draw(message, { isGrouped, isMore, dismiss }),
    );
    before = { message, day };
  }
  return all;
}

const follows = (message, before) =>
  before.author.id === message.author.id &&
  !message.interaction &&
  !message.referenced_message &&
  isEphemeral(before) === isEphemeral(message) &&
  Date.parse(message.timestamp) - Date.parse(before.timestamp) < GROUP_MS;

function welcome() {
  const bot = nameOf(state.world.bot);
  const title = isHome()
    ? t("welcome-direct", { name: bot })
    : t("welcome", { channel: channelName(state.channel) });
  const mark = isHome()
    ? avatar(bot, state.world.bot, "bot large")
    : h("span", { class: "avatar large hash", "aria-hidden": "true" }, "#");
  return h("li", { class: "welcome" }, mark, h("p", { class: "big" }, title), h("p", {}, t("welcome-more")));
}

function older() {
  return h(
    "li",
    { class: "older" },
    h(
      "button",
      {
        type: "button",
        class: "button secondary",
        onclick: () => {
          limit = Math.min(limit + 4 * STEP, MOST);
          atEnd = false;
          again();
        },
      },
      t("older"),
    ),
  );
}

function toEnd() {
  const scroller = $("scroller"),
    last = $("messages").lastElementChild;
  let top = scroller.scrollHeight;
  // Of a message that is taller than the view its head is what is read first. Once: whoever has gone to
  // its end stays there.
  if (last?.dataset.id && last.dataset.id !== headed && last.offsetHeight > scroller.clientHeight) {
    headed = last.dataset.id;
    top = scroller.scrollTop + last.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    atEnd = false;
  }
  scroller.scrollTo({ top, behavior: isFresh || isStill() ? "instant" : "auto" });
}

/** How much is left to be read out: what is overwritten at once would never be heard. */
const READ_OUT = 5;

/** For screen readers: what came, once, and not what is edited every minute. */
function announce(nodes) {
  const texts = nodes
    .filter((node) => !node.querySelector(".thinking"))
    .map((node) => {
      const who = node.querySelector("article")?.getAttribute("aria-label") ?? "";
      const hint = node.classList.contains("ephemeral") ? `${t("only-you")}. ` : "";
      return `${hint}${who}: ${node.querySelector(".body")?.innerText ?? ""}`;
    });
  const announcer = $("announcer");
  for (const text of texts.slice(-3)) announcer.append(h("p", {}, text.slice(0, 500)));
  while (announcer.childElementCount > READ_OUT) announcer.firstElementChild.remove();
}

/** Arrow keys walk over the messages; Enter opens what apps do with one. */
function walk(event) {
  const here = event.target;
  if (!here.classList.contains("message")) return;
  const all = [...$("messages").querySelectorAll(".message")],
    at = all.indexOf(here);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined && all[to]) {
    event.preventDefault();
    here.tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
  } else if (event.key === "Enter") {
    event.preventDefault();
    here.querySelector(".more").click();
  }
}
