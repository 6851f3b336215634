// One small menu for all: who to be, what an app does with a message.
import { $, h } from "./dom.js";

let anchor = null;

/** Items: label, detail, picture, checked (a radio), checkbox (true or false), disabled, pick. */
export function openMenu(opener, title, items, at) {
  closeMenu(false);
  anchor = opener;
  const menu = $("menu");
  menu.setAttribute("aria-label", title);
  menu.replaceChildren(...items.map(item));
  menu.hidden = false;
  place(menu, opener, at);
  opener.setAttribute("aria-expanded", "true");
  menu.querySelector("button:not(:disabled)")?.focus();
}

function item(one) {
  const isBox = one.checkbox !== undefined,
    isRadio = one.checked !== undefined;
  return h(
    "button",
    {
      type: "button",
      tabindex: "-1",
      disabled: one.disabled,
      role: isBox ? "menuitemcheckbox" : isRadio ? "menuitemradio" : "menuitem",
      "aria-checked": isBox ? String(one.checkbox) : isRadio ? String(one.checked) : null,
      onclick: () => {
        closeMenu();
        one.pick?.();
      },
    },
    one.picture ?? null,
    h("span", { class: "label" }, one.label),
    one.detail ? h("small", {}, one.detail) : null,
  );
}

function place(menu, opener, at) {
  const from = at ?? opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const x = at ? at.left : from.right - width < 8 ? from.left : from.right - width;
  const y = from.bottom + height + 8 > innerHeight ? from.top - height - 6 : from.bottom + 6;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, y)}px`;
}

export function closeMenu(giveBack = true) {
  const menu = $("menu");
  if (menu.hidden) return;
  menu.hidden = true;
  anchor?.setAttribute("aria-expanded", "false");
  if (giveBack) (anchor?.isConnected ? anchor : document.getElementById(anchor?.id ?? ""))?.focus();
  anchor = null;
}

export function startMenu() {
  const menu = $("menu");
  menu.addEventListener("keydown", (event) => {
    const buttons = [...menu.querySelectorAll("button:not(:disabled)")],
      here = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      buttons.at(to % buttons.length)?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      closeMenu();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (
      !menu.hidden &&
      !menu.contains(event.target) &&
      event.target !== anchor &&
      !anchor?.contains(event.target)
    )
      closeMenu(false);
  });
}
