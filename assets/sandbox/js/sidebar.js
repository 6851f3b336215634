// Servers at the far left, their channels beside, and who one is.
import { post } from "./api.js";
import { $, avatar, h, icon } from "./dom.js";
import { closeMenu, openMenu } from "./menu.js";
import { become, emit, go, guild, isHome, nameOf, on, person, state, unread } from "./state.js";
import { t } from "./text.js";

const MANAGE_GUILD = 1n << 5n;

export function startSidebar() {
  on("world place language messages unread", draw);
}

// Only what changed is drawn anew: the focus must not be lost with every message that comes.
const drawn = new Map();
function replace(holder, key, nodes) {
  if (drawn.get(holder) === key) return;
  drawn.set(holder, key);
  const focused = holder.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  holder.replaceChildren(...nodes().flat());
  if (focused) holder.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function draw() {
  const { world } = state,
    here = person();
  const ids = world.guilds.flatMap((one) => one.channels.map((c) => c.id)).concat(here?.direct ?? []);
  const counts = Object.fromEntries(ids.map((id) => [id, unread(id)]));
  const key = JSON.stringify([t("servers"), world.guilds, here, state.guild, state.channel, counts]);
  replace($("servers"), key, () => servers(counts));
  replace($("channels"), key, () => channels(counts));
  replace($("person"), JSON.stringify([key, world.people]), card);
  $("server-name").textContent = isHome() ? t("home") : (guild()?.name ?? "timeattack");
  const total = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const place = isHome()
    ? t(state.channel ? "home" : "mailbox")
    : "#" + (guild()?.channels.find((c) => c.id === state.channel)?.name ?? "");
  document.title = `${total ? `(${total}) ` : ""}${place} · timeattack sandbox`;
}

function servers(counts) {
  const direct = counts[person()?.direct] ?? 0;
  const home = server(
    "home",
    t("home"),
    h("span", { class: "avatar server home" }, icon("chat")),
    direct,
    true,
  );
  const list = state.world.guilds.map((one) => {
    const count = one.channels.reduce((sum, channel) => sum + counts[channel.id], 0);
    return server(one.id, one.name, avatar(one.name, one.id, "server"), count, false);
  });
  return [h("ul", {}, home, list)];
}

function server(id, name, picture, count, isCounted) {
  const isHere = state.guild === id;
  const button = h(
    "button",
    {
      type: "button",
      class: "server-button",
      title: name,
      dataset: { key: id },
      "aria-current": isHere ? "true" : null,
      "aria-label": count ? `${name}, ${t("unread", { count })}` : name,
      onclick: () => go(id),
    },
    picture,
    count && isCounted ? h("span", { class: "badge" }, count) : null,
  );
  return h(
    "li",
    { class: [id === "home" && "home", isHere && "here", count && "unread"].filter(Boolean).join(" ") },
    button,
  );
}

function channels(counts) {
  if (isHome()) {
    const direct = person()?.direct;
    return [
      section(
        t("direct-section"),
        direct
          ? [
              channel(
                direct,
                nameOf(state.world.bot),
                avatar(nameOf(state.world.bot), state.world.bot, "bot"),
                counts[direct],
                true,
              ),
            ]
          : [],
      ),
      section(t("mail-section"), [channel(null, t("mailbox"), icon("mail"), 0)]),
    ];
  }
  const list = guild()?.channels ?? [];
  return [
    section(
      t("text-channels"),
      list.map((one) =>
        channel(one.id, one.name, h("span", { class: "hash", "aria-hidden": "true" }, "#"), counts[one.id]),
      ),
    ),
  ];
}

const section = (title, items) => [h("h3", {}, title), h("ul", { "aria-label": title }, items)];

function channel(id, name, picture, count, isCounted) {
  const isHere = state.channel === id;
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `channel${count ? " unread" : ""}`,
        dataset: { key: id ?? "mail" },
        "aria-current": isHere ? "page" : null,
        "aria-label": count ? `${name}, ${t("unread", { count })}` : null,
        onclick: () => {
          go(state.guild, id);
          document.body.classList.remove("drawer");
          emit("drawer");
        },
      },
      picture,
      h("span", { class: "name" }, name),
      count ? h("span", { class: isCounted ? "badge" : "badge quiet" }, count) : null,
    ),
  );
}

function card() {
  const one = person();
  if (!one) return [];
  const button = h(
    "button",
    {
      type: "button",
      class: "me",
      id: "me",
      dataset: { key: "me" },
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: (event) => people(event.currentTarget),
    },
    avatar(one.name, one.id),
    h(
      "span",
      { class: "who" },
      h("b", {}, h("span", { class: "unseen" }, t("you-are"), " "), one.name),
      h("small", {}, roleOf(one) ?? (one.locale === "ko" ? "한국어" : "English")),
    ),
    h("span", { class: "caret", "aria-hidden": "true" }, "⌃"),
  );
  const speak = h(
    "span",
    { class: "speak", role: "group", "aria-label": t("language-of") },
    [
      ["en-US", "EN"],
      ["ko", "한"],
    ].map(([locale, short]) =>
      h(
        "button",
        {
          type: "button",
          lang: locale,
          dataset: { key: locale },
          "aria-pressed": String(one.locale === locale),
          "aria-label": `${short}, ${t("language-of")}: ${locale === "ko" ? "한국어" : "English"}`,
          onclick: () => change({ locale }),
        },
        short,
      ),
    ),
  );
  return [button, speak];
}

function roleOf(one) {
  const member = (guild() ?? state.world.guilds[0])?.members.find((m) => m.id === one.id);
  return member && BigInt(member.permissions ?? 0) & MANAGE_GUILD ? t("admin") : null;
}

function people(anchor) {
  const one = person();
  const items = state.world.people.map((other) => ({
    label: t("be", { name: other.name }),
    picture: avatar(other.name, other.id),
    detail: roleOf(other) ?? (other.locale === "ko" ? "한국어" : "English"),
    checked: other.id === state.user,
    pick: () => become(other.id),
  }));
  items.push({
    label: t("takes-dms"),
    checkbox: one.takes_dms,
    pick: () => change({ takes_dms: !one.takes_dms }),
  });
  openMenu(anchor, t("switch-person"), items);
}

async function change(settings) {
  const one = person();
  const answer = await post("/local/people", { user: one.id, ...settings });
  if (answer.status !== 200) return;
  one.takes_dms = answer.takes_dms;
  one.locale = answer.locale ?? one.locale;
  closeMenu();
  emit("world");
}
