// The message box: plain messages, and commands written option by option.
import { chip } from "./chip.js";
import { find, leaves } from "./commands.js";
import { $, h, icon } from "./dom.js";
import { openForm } from "./form.js";
import { isDown } from "./inside.js";
import { onCommand } from "./markdown.js";
import { channelName, does, emit, isHome, isMail, nameOf, on, state } from "./state.js";
import { hide, suggest, takesKey } from "./suggestions.js";
import { refusal, t } from "./text.js";

/** The command being written: its leaf, and its chips by the option's name; null for plain text. */
let command = null;
let isSending = false,
  wasDown = false;

export function startComposer() {
  $("send").append(icon("send"));
  plain("");
  const form = $("composer");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener("keydown", (event) => {
    if (!takesKey(event) && event.key === "Escape" && command) plain("");
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) hide();
  });
  $("box").addEventListener("mousedown", (event) => {
    if (event.target === $("box") || event.target === $("parts")) {
      event.preventDefault();
      $("line").focus();
    }
  });
  // A refusal is of what was written when it came, in that place.
  for (const event of ["input", "change"]) form.addEventListener(event, forgive);
  on("place", forgive);
  on("insight connected", recover);
  onCommand(openCommand);
  on("place language world", arrange);
}

/** Takes a refusal away: it is no longer about what stands there. */
function forgive() {
  notice("");
  for (const one of command?.chips.values() ?? []) one.mark(null);
}

/** What a bot left unanswered that was down can be sent again once it is back. */
function recover() {
  if (wasDown && !isDown() && $("notice").textContent === t("no-answer")) forgive();
  wasDown = isDown();
}

/** What is written survives a change of place, unless it is a command that is not there. */
function arrange() {
  $("composer").hidden = isMail();
  if (command && !leaves().some((leaf) => leaf.path === command.leaf.path)) plain("");
  hint();
}

function hint() {
  const place = isHome() ? nameOf(state.world.bot) : `#${channelName(state.channel) ?? ""}`;
  if (!command) {
    $("line").placeholder = t("type-here", { place });
    $("line").setAttribute("aria-label", t("type-here", { place }));
    return;
  }
  const rest = missing();
  $("line").placeholder = rest.length ? `+${rest.length}` : "";
  $("line").setAttribute("aria-label", t("options", { command: `/${command.leaf.path}` }));
}

function input(value) {
  const line = h("input", {
    id: "line",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    autocomplete: "off",
    spellcheck: "false",
  });
  line.value = value;
  line.addEventListener("input", typed);
  line.addEventListener("focus", () => {
    if (command || line.value.startsWith("/")) typed();
  });
  line.addEventListener("keydown", (event) => {
    if (event.key !== "Backspace" || !command || line.value !== "") return;
    event.preventDefault();
    const last = [...command.chips.keys()].at(-1);
    if (last) removed(last);
    else plain(`/${command.leaf.path}`, true);
  });
  return line;
}

function plain(text, isFocused = $("composer").contains(document.activeElement)) {
  command = null;
  $("parts").replaceChildren(input(text));
  $("composer").classList.remove("command");
  notice("");
  hint();
  hide();
  if (isFocused) {
    $("line").focus();
    $("line").setSelectionRange(text.length, text.length);
  }
}

/** Writes a command: from the list, or by a click on its mention. */
export function openCommand(path, values = {}) {
  const leaf = leaves().find((one) => one.path === path);
  if (!leaf) {
    notice(t("no-command", { path }));
    return;
  }
  command = { leaf, chips: new Map() };
  $("composer").classList.add("command");
  const remove = h(
    "button",
    {
      type: "button",
      class: "remove",
      tabindex: "-1",
      "aria-label": t("remove-command"),
      onclick: () => plain("", true),
    },
    icon("close"),
  );
  $("parts").replaceChildren(h("span", { class: "path" }, h("span", {}, `/${path}`), remove), input(""));
  notice("");
  for (const option of leaf.options.filter((one) => one.required || one.name in values))
    add(option.name, values[option.name] ?? "", false);
  hint();
  const first = [...command.chips.values()].find((one) => one.isEmpty());
  (first?.control ?? $("line")).focus();
}

const missing = () => command.leaf.options.filter((one) => !command.chips.has(one.name));

function add(name, text = "", isFocused = true) {
  if (command.chips.has(name)) {
    const one = command.chips.get(name);
    if (text) one.set(text);
    one.control.focus();
    return;
  }
  const option = command.leaf.options.find((one) => one.name === name);
  const one = chip(option, { path: command.leaf.path, others, left, removed, next, add });
  command.chips.set(name, one);
  $("line").before(one.node);
  one.set(text);
  hint();
  if (isFocused) one.control.focus();
}

function removed(name) {
  command.chips.get(name)?.node.remove();
  command.chips.delete(name);
  hint();
  $("line").focus();
  typed();
}

/** A value was picked: on to the next empty option, or to the end. */
function left() {
  forgive();
  const next = [...command.chips.values()].find((one) => one.isEmpty() && one.option.required);
  (next?.control ?? $("line")).focus();
}

/** `… limit:` at the end of a value begins that option, for those who type whole lines. */
function next(text, own) {
  for (const { name } of command.leaf.options) {
    const isFree = name !== own && (command.chips.get(name)?.isEmpty() ?? true);
    const at = isFree ? text.search(new RegExp(`\\s${name}:`)) : -1;
    if (at >= 0)
      return { name, before: text.slice(0, at), after: text.slice(at + name.length + 2).trimStart() };
  }
  return null;
}

const others = (focused) =>
  [...command.chips.values()]
    .filter((one) => one.option.name !== focused && !one.isEmpty() && !(one.value() instanceof File))
    .map((one) => ({ name: one.option.name, value: one.value() }));

function typed() {
  const line = $("line"),
    text = line.value;
  if (command) {
    options(text);
    return;
  }
  if (!text.startsWith("/")) {
    hide();
    return;
  }
  const whole = leaves()
    .filter((leaf) => `${text} `.startsWith(`/${leaf.path} `))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (whole && text.length > whole.path.length + 1) {
    openCommand(whole.path);
    const rest = text.slice(whole.path.length + 2);
    if (rest) {
      $("line").value = rest;
      typed();
    }
    return;
  }
  const found = find(text.slice(1));
  const note = found.length ? "" : t(state.world.commands.length ? "no-commands-here" : "not-registered");
  suggest(line, {
    title: t("commands"),
    note,
    isFirst: true,
    items: found.map((leaf) => ({
      label: `/${leaf.path}`,
      detail: leaf.detail,
      pick: () => openCommand(leaf.path),
    })),
  });
}

function options(text) {
  const begun = next(` ${text}`);
  if (begun && begun.before.trim() === "") {
    $("line").value = "";
    add(begun.name);
    const one = command.chips.get(begun.name);
    one.set(begun.after);
    // What is pasted may hold more options than this one.
    one.control.dispatchEvent(new Event("input"));
    return;
  }
  const wanted = text.trim().toLowerCase();
  const items = missing()
    .filter((one) => one.name.startsWith(wanted))
    .map((one) => ({
      label: one.name,
      detail: `${one.detail} · ${t(`type-${one.type}`)}${one.required ? ` · ${t("required")}` : ""}`,
      pick: () => {
        $("line").value = "";
        add(one.name);
      },
    }));
  suggest($("line"), {
    title: t("options", { command: `/${command.leaf.path}` }),
    note: t("send-hint"),
    items,
    isFirst: wanted !== "",
  });
}

const notice = (text) => {
  $("notice").textContent = text;
};

function fail(answer) {
  const one = command?.chips.get(answer.field);
  const why = refusal(answer.refused);
  notice(why);
  one?.mark(why);
  (one?.control ?? $("line")).focus();
  hide();
}

async function send() {
  if (isSending) return;
  const text = $("line").value.trim();
  if (command && text) {
    notice(t("no-commands-here"));
    return typed();
  }
  if (!command && !text) return;
  if (!command && text.startsWith("/")) {
    notice(t("no-command", { path: text.slice(1) }));
    return;
  }
  forgive();
  const empty = [...(command?.chips.values() ?? [])].find((one) => one.option.required && one.isEmpty());
  if (empty) {
    fail({ field: empty.option.name, refused: t("missing", { name: empty.option.name }) });
    return;
  }
  isSending = true;
  $("composer").setAttribute("aria-busy", "true");
  hide();
  // Before the answer is there: one that is taller than the view is followed no further than its head.
  emit("sent");
  const sent = command;
  const answer = command ? await run() : await does({ do: "say", text });
  isSending = false;
  $("composer").removeAttribute("aria-busy");
  if (answer.refused) {
    if (sent === command) fail(answer);
    return;
  }
  if (sent === command) plain("");
  if (answer.modal) openForm(answer.modal, $("line"));
}

function run() {
  const files = [],
    options = [];
  for (const one of command.chips.values()) {
    const value = one.value();
    if (value === null) continue;
    if (value instanceof File) files.push(value);
    options.push({
      name: one.option.name,
      value: value instanceof File ? { file: files.length - 1 } : value,
    });
  }
  return does({ do: "command", path: command.leaf.path, options }, { files });
}
