// One option of the command being written: its name, and what is typed or picked for it.
import { avatar, h, icon } from "./dom.js";
import { TYPE } from "./commands.js";
import { does, guild, nameOf, state } from "./state.js";
import { hide, keeps, suggest } from "./suggestions.js";
import { t } from "./text.js";

let asked = 0;

/**
 * A chip in the message box. `command` gives the path, the other options' values (`others`), and
 * is told when this one is `left` by a pick, `removed`, or has a `next` option's name typed in it.
 */
export function chip(option, command) {
  const made = option.type === TYPE.file ? fileChip(option) : textChip(option, command);
  const remove = () => command.removed(option.name);
  made.node.prepend(h("span", { class: "name" }, option.name));
  made.node.append(
    h(
      "button",
      {
        type: "button",
        class: "remove",
        tabindex: "-1",
        "aria-label": t("remove-option", { name: option.name }),
        onclick: remove,
      },
      icon("close"),
    ),
  );
  made.control.setAttribute(
    "aria-label",
    `${option.name} (${t(`type-${option.type}`)}, ${t(option.required ? "required" : "optional")}): ${option.detail}`,
  );
  made.control.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && made.isEmpty()) {
      event.preventDefault();
      remove();
    }
  });
  return {
    ...made,
    option,
    mark(error) {
      made.node.classList.toggle("wrong", Boolean(error));
      made.node.title = error ?? "";
      made.control.setAttribute("aria-invalid", String(Boolean(error)));
    },
  };
}

function fileChip(option) {
  const input = h("input", {
    type: "file",
    class: "unseen",
    tabindex: "-1",
    "aria-hidden": "true",
    dataset: { option: option.name },
  });
  const button = h("button", { type: "button", class: "pick" }, t("choose-file"));
  button.addEventListener("click", () => input.click());
  const put = (file) => {
    button.textContent = file?.name ?? t("choose-file");
  };
  input.addEventListener("change", () => {
    put(input.files[0]);
    button.focus();
  });
  const node = h("span", { class: "chip" }, button, input);
  node.addEventListener("dragover", (event) => event.preventDefault());
  node.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      put(input.files[0]);
    }
  });
  const value = () => input.files[0] ?? null;
  const help = () => hint(button, option, []);
  button.addEventListener("focus", help);
  return {
    node,
    control: button,
    value,
    isEmpty: () => value() === null,
    set: () => {},
    help,
  };
}

function textChip(option, command) {
  const input = h("input", {
    type: "text",
    class: "value",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    autocomplete: "off",
    spellcheck: "false",
    dataset: { option: option.name },
  });
  if (option.type === TYPE.integer) input.inputMode = "numeric";
  let picked = null;
  const fit = () => {
    input.size = Math.max(
      6,
      [...input.value].reduce((sum, one) => sum + (one > "\u1100" ? 2 : 1), 0),
    );
  };
  const set = (text) => {
    input.value = text;
    picked = null;
    fit();
  };
  const pick = (item) => {
    input.value = item.label;
    picked = item;
    fit();
    hide();
    command.left(option.name);
  };
  const value = () => {
    const text = input.value.trim();
    if (text === "") return null;
    const item =
      picked?.label === input.value
        ? picked
        : fixed(option).find((one) => words(one).includes(text.toLowerCase()));
    return item ? item.value : text;
  };
  const help = () =>
    option.autocomplete
      ? ask(option, input, command, pick)
      : hint(input, option, matching(option, input, picked), pick);
  input.addEventListener("input", () => {
    fit();
    picked = null;
    // Whoever types whole lines types the name as well.
    const own = `${option.name}:`;
    if (input.value.startsWith(own)) set(input.value.slice(own.length).trimStart());
    const next = command.next(input.value, option.name);
    if (next) {
      set(next.before);
      command.add(next.name, next.after);
      return;
    }
    help();
  });
  input.addEventListener("focus", help);
  fit();
  return {
    node: h("span", { class: "chip" }, input),
    control: input,
    value,
    isEmpty: () => input.value === "",
    set,
    help,
  };
}

/** The only values there are for an option, if they are fixed; members, channels and roles are. */
function fixed({ type, choices, channel_types: kinds = [] }) {
  const here = guild();
  const members = () =>
    [...(here?.members ?? []), { id: state.world.bot, name: nameOf(state.world.bot) }].map((one) => ({
      label: `@${one.name}`,
      value: one.id,
      picture: avatar(one.name, one.id, "tiny"),
    }));
  const roles = () =>
    (here?.roles ?? []).map((one) => ({
      label: one.name.startsWith("@") ? one.name : `@${one.name}`,
      value: one.id,
    }));
  switch (type) {
    case TYPE.bool:
      return [
        { label: t("true"), value: true, also: ["true", "yes", "예", "네"] },
        { label: t("false"), value: false, also: ["false", "no", "아니요", "아니오"] },
      ];
    case TYPE.user:
      return members();
    case TYPE.channel:
      return kinds.length && !kinds.includes(0)
        ? []
        : (here?.channels ?? []).map((one) => ({ label: `#${one.name}`, value: one.id }));
    case TYPE.role:
      return roles();
    case TYPE.mentionable:
      return [...members(), ...roles()];
    default:
      return choices;
  }
}

/** What can be typed for a value: its label, or what it is called elsewhere. */
const words = ({ label, also = [] }) => [label.toLowerCase(), ...also];

function matching(option, input, picked) {
  const typed = picked ? "" : input.value.trim().toLowerCase();
  return fixed(option).filter((one) => words(one).some((word) => word.includes(typed)));
}

function hint(control, option, items, pick) {
  const title = `${option.name}: ${option.detail}`;
  const note = `${t(`type-${option.type}`)} · ${t(option.required ? "required" : "optional")}`;
  suggest(control, {
    title,
    note,
    items: items.map((item) => ({ ...item, pick: () => pick(item) })),
    isFirst: items.length > 0 && control.value !== "",
  });
}

/** Asks the bot what it offers, with the other options as they stand; the newest question counts. */
async function ask(option, input, command, pick) {
  const mine = (asked += 1);
  const typed = input.value;
  const show = (items, note) => suggest(input, { title: `${option.name}: ${option.detail}`, note, items });
  // What was offered for another option, or for less of this one, is no answer.
  if (!keeps(input)) show([], t("suggesting"));
  const answer = await does({
    do: "autocomplete",
    path: command.path,
    focused: option.name,
    typed,
    options: command.others(option.name),
  });
  if (mine !== asked || document.activeElement !== input || input.value !== typed) return;
  const items = (answer.choices ?? []).map(([label, value]) => ({
    label,
    value,
    detail: label === value ? "" : value,
  }));
  const note = answer.refused
    ? t("no-answer")
    : items.length
      ? t("suggestions-count", { count: items.length })
      : t("no-suggestions");
  show(
    items.map((item) => ({ ...item, detail: "", pick: () => pick(item) })),
    note,
  );
}
