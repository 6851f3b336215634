// Buttons and menus below a message.
import { h, icon } from "./dom.js";
import { openForm } from "./form.js";
import { does } from "./state.js";
import { refusal, t } from "./text.js";

const BUTTON = 2,
  MENU = 3,
  LINK = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary" };

export const rows = (message) =>
  message.components.map((row) =>
    h(
      "div",
      { class: "row" },
      (row.components ?? []).map((part) => {
        if (part.type === BUTTON) return part.style === LINK ? link(part) : button(part, message);
        return part.type === MENU ? menu(part, message) : null;
      }),
    ),
  );

const face = (part) => [
  part.emoji?.name
    ? h("span", { class: "emoji", "aria-hidden": part.label ? "true" : null }, part.emoji.name)
    : null,
  part.label ? h("span", {}, part.label) : null,
];

const link = (part) =>
  h(
    "a",
    {
      class: "button secondary",
      href: /^https?:/.test(part.url) ? part.url : "#",
      target: "_blank",
      rel: "noopener noreferrer",
    },
    face(part),
    icon("out"),
  );

function button(part, message) {
  return h(
    "button",
    {
      type: "button",
      class: `button ${STYLES[part.style] ?? "secondary"}`,
      disabled: part.disabled === true,
      dataset: { custom: part.custom_id },
      onclick: (event) =>
        press(event.currentTarget, { do: "click", message: message.id, custom_id: part.custom_id }),
    },
    face(part),
  );
}

function menu(part, message) {
  const least = part.min_values ?? 1,
    most = part.max_values ?? 1;
  const options = part.options.map((one) =>
    h(
      "option",
      { value: one.value, selected: one.default === true },
      [one.emoji?.name, one.label, one.description && `— ${one.description}`].filter(Boolean).join(" "),
    ),
  );
  const choose = (select) =>
    press(select, {
      do: "select",
      message: message.id,
      custom_id: part.custom_id,
      values: [...select.selectedOptions].map((one) => one.value).filter(Boolean),
    });
  if (most === 1) {
    return h(
      "select",
      {
        class: "choice",
        disabled: part.disabled === true,
        "aria-label": part.placeholder ?? t("choose-option"),
        dataset: { custom: part.custom_id },
        onchange: (event) => event.target.value && choose(event.target),
      },
      h("option", { value: "" }, part.placeholder ?? `${t("choose-option")}…`),
      options,
    );
  }
  const select = h(
    "select",
    {
      class: "choice",
      multiple: true,
      size: Math.min(options.length, 6),
      disabled: part.disabled === true,
      "aria-label": part.placeholder ?? t("choose-option"),
      dataset: { custom: part.custom_id },
    },
    options,
  );
  const done = h(
    "button",
    {
      type: "button",
      class: "button secondary",
      onclick: () => choose(select),
      disabled: part.disabled === true,
    },
    `${t("choose-option")} (${least}–${most})`,
  );
  return h("span", { class: "many" }, select, done);
}

async function press(control, action) {
  if (control.getAttribute("aria-busy") === "true") return;
  const row = control.closest(".row");
  control.setAttribute("aria-busy", "true");
  row.querySelector(".failed")?.remove();
  const answer = await does(action);
  control.removeAttribute("aria-busy");
  if (control.tagName === "SELECT" && !control.multiple) control.value = "";
  if (answer.refused) row.append(h("span", { class: "failed", role: "alert" }, refusal(answer.refused)));
  if (answer.modal) openForm(answer.modal, control);
}
