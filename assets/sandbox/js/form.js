// A form of the bot's (a modal): what is wrong is said, and what was typed stays.
import { $, h, icon } from "./dom.js";
import { does, state } from "./state.js";
import { refusal, t } from "./text.js";

const LABEL = 18,
  SELECT = 3,
  PARAGRAPH = 2;

/** Opens a form; the focus goes back to `opener` when it is closed. */
export function openForm(modal, opener) {
  const dialog = $("form");
  const fields = modal.components.flatMap(inputs).map(field);
  const error = h("p", { class: "error", role: "alert" });
  const submit = h("button", { class: "button primary" }, t("submit"));
  const where = { user: state.user, channel: state.channel };
  const form = h(
    "form",
    {
      novalidate: true,
      onsubmit: async (event) => {
        event.preventDefault();
        const wrong = fields.find((one) => !one.check());
        if (wrong) {
          wrong.control.focus();
          return;
        }
        if (submit.getAttribute("aria-busy") === "true") return;
        submit.setAttribute("aria-busy", "true");
        error.textContent = "";
        const values = Object.fromEntries(fields.map((one) => [one.name, one.control.value]));
        const answer = await does({ do: "submit", modal, values }, where);
        submit.removeAttribute("aria-busy");
        if (!answer.refused) {
          dialog.close();
          return;
        }
        const named = fields.find((one) => one.name === answer.field);
        if (named) named.fail(refusal(answer.refused));
        else error.textContent = refusal(answer.refused);
        (named?.control ?? submit).focus();
      },
    },
    h(
      "header",
      {},
      h("h2", { id: "form-title" }, modal.title),
      h(
        "button",
        { type: "button", class: "icon", "aria-label": t("close"), onclick: () => dialog.close() },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "fields" },
      fields.map((one) => one.node),
    ),
    error,
    h(
      "footer",
      {},
      h("button", { type: "button", class: "button plain", onclick: () => dialog.close() }, t("cancel")),
      submit,
    ),
  );
  dialog.replaceChildren(form);
  dialog.onclose = () => (opener?.isConnected ? opener : $("line"))?.focus();
  dialog.showModal();
  fields[0]?.control.focus();
}

/** The inputs of a row, whichever of Discord's two ways it is written in. */
function inputs(row) {
  if (row.type === LABEL) return [{ ...row.component, label: row.label, description: row.description }];
  return row.components ?? [];
}

let made = 0;

function field(input) {
  const id = `field-${(made += 1)}`,
    isRequired = input.required !== false;
  const message = h("p", { class: "wrong", id: `${id}-wrong`, role: "alert" });
  const count = h("span", { class: "count", "aria-hidden": "true" });
  const control = make(input, id, isRequired);
  const most = input.max_length ?? 4000,
    least = input.min_length ?? 0;
  const length = () => [...control.value].length;
  const fail = (text) => {
    message.textContent = text;
    control.setAttribute("aria-invalid", text ? "true" : "false");
  };
  const check = () => {
    const isEmpty = control.value.trim() === "";
    const isShort = !isEmpty && length() < least;
    fail(
      isEmpty && isRequired
        ? t("missing", { name: input.label })
        : isShort || length() > most
          ? t("wrong-length", { name: input.label, least, most })
          : "",
    );
    return control.getAttribute("aria-invalid") !== "true";
  };
  const recount = () => {
    count.textContent = most < 4000 ? `${length()}/${most}` : "";
  };
  control.addEventListener("input", () => {
    recount();
    if (control.getAttribute("aria-invalid") === "true") check();
  });
  recount();
  const node = h(
    "div",
    { class: "field" },
    h(
      "label",
      { for: id },
      input.label,
      isRequired ? h("span", { class: "star", "aria-hidden": "true" }, " *") : null,
    ),
    input.description ? h("p", { class: "hint" }, input.description) : null,
    control,
    h("div", { class: "under" }, message, count),
  );
  return { name: input.custom_id, control, node, check, fail };
}

function make(input, id, isRequired) {
  const common = {
    id,
    name: input.custom_id,
    "aria-required": String(isRequired),
    "aria-describedby": `${id}-wrong`,
  };
  if (input.type === SELECT) {
    return h(
      "select",
      common,
      isRequired ? null : h("option", { value: "" }),
      input.options.map((one) =>
        h("option", { value: one.value, selected: one.default === true }, one.label),
      ),
    );
  }
  const control =
    input.style === PARAGRAPH
      ? h("textarea", { ...common, rows: "4" })
      : h("input", { ...common, type: "text", autocomplete: "off" });
  control.value = input.value ?? "";
  if (input.placeholder) control.placeholder = input.placeholder;
  return control;
}
