// Discord's markdown, made into nodes. What is no mark stays text; nothing becomes HTML.
import { timestamp } from "./clock.js";
import { h } from "./dom.js";
import { channelName, guild, nameOf, state } from "./state.js";
import { t } from "./text.js";

/** What a click on `</timeattack start:123>` does; the composer sets it. */
let openCommand = () => {};
export const onCommand = (open) => {
  openCommand = open;
};

const DEEPEST = 8; // No sentence nests further, and a hostile one must not exhaust the stack.

/** Text with blocks: code, headings, quotes, lists, small lines. `all`: whether @everyone was let through. */
export function blocks(text, all = false) {
  const holder = document.createDocumentFragment();
  let rest = text;
  for (;;) {
    const fence = /```(?:([\w+-]+)\n)?([\s\S]*?)```/.exec(rest);
    if (!fence || fence[2].trim() === "") break;
    lines(rest.slice(0, fence.index).replace(/\n$/, ""), holder, all);
    holder.append(code(fence[1], fence[2].replace(/^\n|\n$/g, "")));
    rest = rest.slice(fence.index + fence[0].length).replace(/^\n/, "");
  }
  lines(rest, holder, all);
  return holder;
}

function code(kind, text) {
  const block = h("code", { class: kind ? `lang-${kind.toLowerCase()}` : "" });
  if (/^ya?ml$/i.test(kind ?? "")) yaml(text, block);
  else block.append(text);
  return h("pre", { tabindex: "0" }, block);
}

/** The keys coloured, as Discord colours them. */
function yaml(text, block) {
  text.split("\n").forEach((line, index) => {
    if (index) block.append("\n");
    const found = /^(\s*[\w ]+:)(\s.*)$/.exec(line);
    if (found) block.append(h("span", { class: "key" }, found[1]), h("span", { class: "value" }, found[2]));
    else block.append(line);
  });
}

const isMark = /^(#{1,3} |-# |> |>>> |\s*[-*] |\s*\d+\. )/;

function lines(text, holder, all) {
  if (!text) return;
  const rows = text.split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length) holder.append(h("div", { class: "p" }, inline(plain.join("\n"), all)));
    plain = [];
  };
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    if (!isMark.test(row)) {
      plain.push(row);
      continue;
    }
    flush();
    const taken = block(rows, at, holder, all);
    at += taken - 1;
  }
  flush();
}

/** One heading, quote or list from row `at` on; returns how many rows it took. */
function block(rows, at, holder, all) {
  const row = rows[at];
  const heading = /^(#{1,3}) +(.*)$/.exec(row);
  if (heading) {
    holder.append(
      h(
        "div",
        { class: `h${heading[1].length}`, role: "heading", "aria-level": heading[1].length + 2 },
        inline(heading[2], all),
      ),
    );
    return 1;
  }
  if (row.startsWith("-# ")) {
    holder.append(h("div", { class: "small" }, inline(row.slice(3), all)));
    return 1;
  }
  if (row.startsWith(">>> ")) {
    holder.append(h("blockquote", {}, blocks([row.slice(4), ...rows.slice(at + 1)].join("\n"), all)));
    return rows.length - at;
  }
  if (row.startsWith("> ")) {
    const end = rows.findIndex((one, index) => index > at && !/^> ?/.test(one));
    const quoted = rows.slice(at, end < 0 ? rows.length : end);
    holder.append(h("blockquote", {}, blocks(quoted.map((one) => one.slice(2)).join("\n"), all)));
    return quoted.length;
  }
  return list(rows, at, holder, all);
}

function list(rows, at, holder, all) {
  const item = /^(\s*)([-*]|\d+\.) (.*)$/;
  const isNumbered = /\d/.test(item.exec(rows[at])?.[2] ?? "");
  const made = h(isNumbered ? "ol" : "ul", isNumbered ? { start: parseInt(rows[at], 10) || 1 } : {});
  let taken = 0;
  for (const row of rows.slice(at)) {
    const found = item.exec(row);
    if (!found) break;
    made.append(h("li", { class: found[1].length >= 2 ? "deeper" : "" }, inline(found[3], all)));
    taken += 1;
  }
  holder.append(made);
  return Math.max(taken, 1);
}

// In order: the first that fits at a place wins. A backslash fits in one way only, or a row of them
// would take exponentially long.
const RULES = [
  [/\\([^\p{L}\p{N}\s])/uy, ([, sign]) => sign],
  [/(`+)([\s\S]*?[^`])\1(?!`)/y, ([, , text]) => h("code", { class: "inline" }, text.trim() || text)],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, ([raw, at, style]) => timestamp(at, style) ?? raw],
  [/<@!?(\d+)>/y, ([, id]) => mention("@" + nameOf(id), id === state.user)],
  [
    /<@&(\d+)>/y,
    ([, id]) => mention("@" + (guild()?.roles.find((role) => role.id === id)?.name ?? t("unknown-role"))),
  ],
  [/<#(\d+)>/y, ([, id]) => mention("#" + (channelName(id) ?? t("unknown-channel")))],
  [/<\/([^:>\n]{1,100}):(\d+)>/y, ([, path]) => command(path)],
  [/<a?:(\w+):\d+>/y, ([, name]) => `:${name}:`],
  [/@(everyone|here)\b/y, ([raw], all) => (all ? mention(raw) : raw)],
  [
    /\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/y,
    ([, text, url], all, depth) => link(url, inline(text, all, depth + 1)),
  ],
  [/<(https?:\/\/[^\s>]+)>/y, ([, url]) => link(url, url)],
  [/https?:\/\/[^\s<>]*[^\s<>.,:;"'\])]/y, ([url]) => link(url, url)],
  [
    /\*\*\*(?=\S)([\s\S]*?\S)\*\*\*/y,
    ([, text], all, depth) => h("strong", {}, h("em", {}, inline(text, all, depth + 1))),
  ],
  [
    /\*\*(?=\S)((?:\\[\s\S]|(?!\*\*)[^\\])*?)\*\*(?!\*)/y,
    ([, text], all, depth) => h("strong", {}, inline(text, all, depth + 1)),
  ],
  [
    /__(?=\S)((?:\\[\s\S]|(?!__)[^\\])+?)__/y,
    ([, text], all, depth) => h("u", {}, inline(text, all, depth + 1)),
  ],
  [
    /\*(?=\S)((?:\\[\s\S]|[^*\\])+?)\*(?!\*)/y,
    ([, text], all, depth) => h("em", {}, inline(text, all, depth + 1)),
  ],
  [
    /_(?=\S)((?:\\[\s\S]|[^_\\])+?)_(?![\p{L}\p{N}_])/uy,
    ([, text], all, depth) => h("em", {}, inline(text, all, depth + 1)),
  ],
  [
    /~~(?=\S)((?:\\[\s\S]|(?!~~)[^\\])+?)~~/y,
    ([, text], all, depth) => h("s", {}, inline(text, all, depth + 1)),
  ],
  [
    /\|\|((?:\\[\s\S]|(?!\|\|)[^\\])+?)\|\|/y,
    ([, text], all, depth) => spoiler(inline(text, all, depth + 1)),
  ],
];
const STARTS = /[\\`<@[h*_~|]/;

/** Text within a line. */
export function inline(text, all = false, depth = 0) {
  const holder = document.createDocumentFragment();
  if (depth > DEEPEST) {
    holder.append(text);
    return holder;
  }
  let plain = "";
  for (let at = 0; at < text.length;) {
    const found = STARTS.test(text[at]) && apply(text, at, all, depth);
    if (found) {
      holder.append(plain, found.node);
      plain = "";
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  holder.append(plain);
  return holder;
}

function apply(text, at, all, depth) {
  // “snake_case” is no emphasis.
  const isInWord = text[at] === "_" && at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1]);
  for (const [rule, make] of RULES) {
    rule.lastIndex = at;
    const found = rule.exec(text);
    if (found && !(isInWord && found[0][1] !== "_"))
      return { node: make(found, all, depth), end: at + found[0].length };
  }
  return null;
}

const mention = (text, isOwn = false) => h("span", { class: isOwn ? "mention own" : "mention" }, text);

const command = (path) =>
  h(
    "button",
    { type: "button", class: "mention", title: t("use-command"), onclick: () => openCommand(path) },
    "/" + path,
  );

const link = (url, text) =>
  h("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url }, text);

function spoiler(inside) {
  const node = h(
    "button",
    { type: "button", class: "spoiler", "aria-expanded": "false", "aria-label": t("spoiler") },
    h("span", {}, inside),
  );
  node.addEventListener("click", () => {
    node.setAttribute("aria-expanded", "true");
    node.removeAttribute("aria-label");
  });
  return node;
}
