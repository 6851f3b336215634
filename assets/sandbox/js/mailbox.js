// The mails that were sent, as they would arrive. HTML is shown in a frame that may do nothing.
import { get } from "./api.js";
import { format, zone } from "./clock.js";
import { $, h, icon } from "./dom.js";
import { size } from "./message.js";
import { isMail, on } from "./state.js";
import { t } from "./text.js";

const LOOK_EVERY = 3; // seconds
let ticks = 0;
let mails = [],
  total = 0,
  open = null,
  view = "rendered";

export function startMailbox() {
  on("place language", load);
  // Mails ring no bell: while the box is open it is looked into.
  on("tick", () => {
    if (isMail() && (ticks += 1) % LOOK_EVERY === 0) load();
  });
}

async function load() {
  $("mailbox").hidden = !isMail();
  $("scroller").hidden = isMail();
  if (!isMail()) return;
  const answer = await get("/local/mail");
  const next = answer.mails ?? [];
  const isSame =
    JSON.stringify(next) === JSON.stringify(mails) && $("mailbox").dataset.words === t("mailbox");
  mails = next;
  total = answer.total ?? next.length;
  $("mailbox").dataset.words = t("mailbox");
  if (!isSame || !$("mailbox").firstChild) draw();
}

function draw() {
  if (mails.length === 0) {
    $("mailbox").replaceChildren(
      h(
        "div",
        { class: "nothing" },
        icon("mail"),
        h("p", { class: "big" }, t("mail-empty")),
        h("p", {}, t("mail-empty-more")),
      ),
    );
    return;
  }
  const rows = mails.map(row);
  if (total > mails.length)
    rows.push(h("li", { class: "hint" }, t("mail-newest", { count: mails.length, total })));
  const list = $("mailbox").querySelector(".mails");
  // While mails come in, whoever reads one, or has scrolled, is left in peace.
  if (list && list.getAttribute("aria-label") === t("mail-list")) {
    fill(list, rows);
    return;
  }
  $("mailbox").replaceChildren(
    h("ul", { class: "mails", "aria-label": t("mail-list") }, rows),
    h("article", { class: "mail", id: "mail" }, h("p", { class: "hint" }, t("mail-choose"))),
  );
  if (mails.some((one) => one.id === open)) show(open);
}

/** Puts the new rows in; one that has the focus keeps it. */
function fill(list, rows) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.mail : null;
  const top = list.scrollTop;
  list.replaceChildren(...rows);
  list.scrollTop = top;
  if (focused) list.querySelector(`[data-mail="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function row(one) {
  const button = h(
    "button",
    {
      type: "button",
      "aria-current": open === one.id ? "true" : null,
      dataset: { mail: one.id },
      onclick: () => show(one.id),
    },
    h("b", {}, one.subject || "—"),
    h("span", {}, one.to),
    h("small", {}, format({ dateStyle: "medium", timeStyle: "short" }, one.date_ms, zone())),
  );
  return h("li", {}, button);
}

async function show(id) {
  open = id;
  for (const button of $("mailbox").querySelectorAll("[data-mail]")) {
    if (button.dataset.mail === id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const mail = await get(`/local/mail/${encodeURIComponent(id)}`);
  if (open !== id || !$("mail")) return;
  if (mail.status !== 200) {
    $("mail").replaceChildren(h("p", { class: "wrong" }, mail.refused ?? String(mail.status)));
    return;
  }
  const views = ["rendered", "text", "source"].filter((one) => one !== "rendered" || mail.has_html);
  if (!views.includes(view)) [view] = views;
  const body = h("div", { class: "mail-body" });
  const tabs = h(
    "div",
    { class: "tabs", role: "group", "aria-label": t("mail-view") },
    views.map((one) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(one === view),
          onclick: () => {
            view = one;
            show(id);
          },
        },
        t(`mail-${one}`),
      ),
    ),
  );
  body.append(content(mail));
  $("mail").replaceChildren(
    h(
      "header",
      {},
      h("h2", {}, mail.subject || "—"),
      h(
        "dl",
        {},
        h("dt", {}, t("mail-from")),
        h("dd", {}, mail.from),
        h("dt", {}, t("mail-to")),
        h("dd", {}, mail.to),
      ),
      h(
        "div",
        { class: "mail-bar" },
        tabs,
        // As mail programs show it. They press it themselves; here it leads to the page.
        mail.unsubscribe
          ? h(
              "a",
              {
                class: "button secondary",
                href: mail.unsubscribe,
                target: "_blank",
                rel: "noopener noreferrer",
              },
              t("mail-unsubscribe"),
            )
          : null,
      ),
    ),
    body,
    mail.files.length
      ? h(
          "ul",
          { class: "files", "aria-label": t("mail-files") },
          mail.files.map((file) =>
            h("li", {}, icon("file"), ` ${file.name} `, h("small", {}, size(file.size))),
          ),
        )
      : "",
  );
}

function content(mail) {
  if (view === "rendered") {
    // No script, no form, no origin. A link that is pressed opens a tab of its own.
    return h("iframe", {
      sandbox: "allow-popups allow-popups-to-escape-sandbox",
      src: `/local/mail/${encodeURIComponent(mail.id)}/html`,
      title: mail.subject || t("mail-rendered"),
      referrerpolicy: "no-referrer",
    });
  }
  return h("pre", { tabindex: "0" }, view === "source" ? mail.source : (mail.text ?? t("mail-no-text")));
}
