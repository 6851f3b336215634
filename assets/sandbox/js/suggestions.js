// The list above the message box: commands, options, values. The focus stays in the input, which
// names the active item (a combobox, as WAI-ARIA's practices have it).
import { $, h } from "./dom.js";
import { t } from "./text.js";

let shown = [],
  active = -1,
  input = null;

export const isOpen = () => !$("suggestions").hidden;

/**
 * Shows items (`label`, `detail`, `picture`, `pick`) for an input. The first one is active with
 * `isFirst`; otherwise Enter means what is typed until an arrow key chooses.
 */
export function suggest(control, { title, note, items, isFirst = false }) {
  input = control;
  shown = items;
  active = -1;
  const list = h("ul", { role: "listbox", id: "suggested", "aria-label": title }, items.map(option));
  $("suggestions").replaceChildren(
    h("div", { class: "title" }, h("span", {}, title), note ? h("small", {}, note) : null),
    list,
  );
  $("suggestions").hidden = items.length === 0 && !note;
  const cue = () =>
    list.classList.toggle("more", list.scrollHeight - list.scrollTop - list.clientHeight > 4);
  list.addEventListener("scroll", cue);
  cue();
  control.setAttribute("aria-expanded", String(items.length > 0));
  control.setAttribute("aria-controls", "suggested");
  activate(isFirst && items.length ? 0 : -1);
}

function option(item, index) {
  return h(
    "li",
    {
      role: "option",
      id: `suggested-${index}`,
      "aria-selected": "false",
      // The focus stays where it is.
      onmousedown: (event) => event.preventDefault(),
      onclick: () => item.pick(),
      onmousemove: () => activate(index),
    },
    item.picture ?? null,
    h("span", { class: "label" }, item.label),
    item.detail ? h("span", { class: "detail" }, item.detail) : null,
  );
}

export function hide() {
  $("suggestions").hidden = true;
  shown = [];
  active = -1;
  input?.setAttribute("aria-expanded", "false");
  input?.removeAttribute("aria-activedescendant");
}

function activate(index) {
  if (index === active && index >= 0) return;
  document.getElementById(`suggested-${active}`)?.setAttribute("aria-selected", "false");
  active = index;
  const node = document.getElementById(`suggested-${index}`);
  node?.setAttribute("aria-selected", "true");
  node?.scrollIntoView({ block: "nearest" });
  if (node) input.setAttribute("aria-activedescendant", node.id);
  else input?.removeAttribute("aria-activedescendant");
}

/** Whether the list is this input's already; then none of it is active until it is chosen anew. */
export function keeps(control) {
  if (input !== control || !isOpen()) return false;
  activate(-1);
  return true;
}

/** Whether the key was for the list: then nobody else should take it. */
export function takesKey(event) {
  if (event.isComposing || !isOpen() || event.target !== input) return false;
  const { key } = event,
    count = shown.length;
  if (count && (key === "ArrowDown" || key === "ArrowUp")) {
    const step = key === "ArrowDown" ? 1 : -1;
    activate(active < 0 ? (step > 0 ? 0 : count - 1) : (active + step + count) % count);
  } else if (active >= 0 && (key === "Enter" || (key === "Tab" && !event.shiftKey))) {
    shown[active].pick();
  } else if (key === "Escape") {
    hide();
  } else {
    return false;
  }
  event.preventDefault();
  event.stopPropagation();
  return true;
}

export const empty = () => t("no-suggestions");
