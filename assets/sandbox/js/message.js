// How one message looks.
import { openApps } from "./apps.js";
import { format, zone } from "./clock.js";
import { rows } from "./components.js";
import { avatar, h, icon } from "./dom.js";
import { blocks, inline } from "./markdown.js";
import { nameOf, state } from "./state.js";
import { t } from "./text.js";

const FLAG = { ephemeral: 64, loading: 128, silent: 4096 };
export const isEphemeral = (message) => (message.flags & FLAG.ephemeral) !== 0;
export const isLoading = (message) => (message.flags & FLAG.loading) !== 0;

/** `isGrouped`: its author is not repeated; `isMore`: nor the command that it answers. */
export function draw(message, { isGrouped, isMore, dismiss }) {
  const name = nameOf(message.author.id),
    at = Date.parse(message.timestamp);
  const isBot = message.author.id === state.world.bot;
  const time = h(
    "time",
    { datetime: message.timestamp, title: format({ dateStyle: "full", timeStyle: "medium" }, at, zone()) },
    format({ timeStyle: "short" }, at, zone()),
  );
  const head = isGrouped
    ? time
    : h(
        "h2",
        { class: "head" },
        h("span", { class: "author" }, name),
        isBot ? h("span", { class: "app" }, t("app")) : null,
        time,
        message.flags & FLAG.silent
          ? h(
              "span",
              { class: "silent", title: t("silent") },
              icon("bell"),
              h("span", { class: "unseen" }, t("silent")),
            )
          : null,
      );
  const parts = h(
    "article",
    { "aria-label": `${name}, ${time.textContent}` },
    isMore ? null : above(message),
    isGrouped ? null : avatar(name, message.author.id, isBot ? "bot" : ""),
    head,
    body(message, name),
    below(message, dismiss),
  );
  const more = h(
    "button",
    {
      type: "button",
      class: "more icon",
      title: t("message-actions"),
      "aria-label": t("message-actions"),
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: (event) => openApps(event.currentTarget, message),
    },
    icon("dots"),
  );
  const item = h(
    "li",
    {
      class: [
        "message",
        isGrouped && "grouped",
        isEphemeral(message) && "ephemeral",
        mentionsMe(message) && "for-me",
      ]
        .filter(Boolean)
        .join(" "),
      dataset: { id: message.id },
      tabindex: "-1",
      oncontextmenu: (event) => {
        if (event.target.closest("a, input, select") || getSelection()?.toString()) return;
        event.preventDefault();
        openApps(
          more,
          message,
          event.clientX || event.clientY
            ? { left: event.clientX, top: event.clientY, bottom: event.clientY }
            : undefined,
        );
      },
    },
    parts,
    h("div", { class: "actions" }, more),
  );
  return item;
}

const mentionsMe = (message) =>
  message.mention_everyone || message.mentions.some((one) => one.id === state.user);

/** Whom it answers: the command that was used, or the message replied to. */
function above(message) {
  const used = message.interaction ?? null;
  if (used) {
    const user = used.user.id;
    return h(
      "div",
      { class: "above" },
      icon("reply"),
      avatar(nameOf(user), user, "tiny"),
      h("b", {}, nameOf(user)),
      " ",
      t("used"),
      " ",
      h("span", { class: "mention" }, `/${used.name}`),
    );
  }
  const replied = message.referenced_message;
  if (!replied) return null;
  return h(
    "div",
    { class: "above" },
    icon("reply"),
    h("b", {}, nameOf(replied.author.id)),
    " ",
    h("span", { class: "quote" }, inline(replied.content.split("\n")[0])),
  );
}

function body(message, name) {
  if (isLoading(message)) {
    return h(
      "div",
      { class: "body thinking" },
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      t("thinking", { name }),
    );
  }
  const content = h("div", { class: "body" });
  if (message.content) {
    const only =
      /^(\p{Extended_Pictographic}|\p{Emoji_Component}|\s){1,24}$/u.test(message.content) &&
      !/\d/.test(message.content);
    content.append(
      h("div", { class: only ? "text jumbo" : "text" }, blocks(message.content, message.mention_everyone)),
    );
  }
  if (message.edited_timestamp && !isEphemeral(message)) {
    const mark = h(
      "span",
      {
        class: "edited",
        title: format(
          { dateStyle: "full", timeStyle: "medium" },
          Date.parse(message.edited_timestamp),
          zone(),
        ),
      },
      t("edited"),
    );
    (content.querySelector(".text > .p:last-child") ?? content).append(" ", mark);
  }
  // A picture that an embed shows is not shown again below it.
  const inEmbeds = new Set(message.embeds.flatMap((one) => [one.image?.url, one.thumbnail?.url]));
  content.append(...message.attachments.filter((one) => !inEmbeds.has(one.url)).map(attachment));
  content.append(...message.embeds.map((one) => embed(one, message)));
  content.append(...rows(message));
  return content;
}

function below(message, dismiss) {
  if (!isEphemeral(message)) return null;
  return h(
    "div",
    { class: "only-you" },
    icon("eye"),
    h("span", {}, t("only-you")),
    h("button", { type: "button", class: "link", onclick: () => dismiss(message) }, t("dismiss")),
  );
}

/** The path of a file that the sandbox serves; nothing for one from elsewhere. */
export function own(url) {
  try {
    const { pathname } = new URL(url);
    return pathname.startsWith("/attachments/") ? pathname : null;
  } catch {
    return null;
  }
}

function attachment(file) {
  const path = own(file.url);
  if (path && file.content_type?.startsWith("image/") && file.content_type !== "image/svg+xml") {
    return h(
      "a",
      { class: "picture", href: path, target: "_blank", rel: "noopener" },
      picture(path, file.description ?? t("image", { name: file.filename })),
    );
  }
  return h(
    "a",
    {
      class: "file",
      href: path ?? "#",
      download: file.filename,
      "aria-label": t("download", { name: file.filename }),
    },
    icon("file"),
    h("span", {}, h("b", {}, file.filename), h("small", {}, size(file.size))),
  );
}

function picture(path, alt) {
  return h("img", { src: path, alt, loading: "lazy", title: alt });
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function embed(one, message) {
  const box = h("div", { class: "embed" });
  if (Number.isInteger(one.color))
    box.style.setProperty("--bar", `#${one.color.toString(16).padStart(6, "0")}`);
  const text = h("div", { class: "inner" });
  if (one.author) text.append(h("div", { class: "embed-author" }, one.author.name));
  if (one.title) {
    const title = h(
      "div",
      { class: "embed-title" },
      one.url
        ? h("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, inline(one.title))
        : inline(one.title),
    );
    text.append(title);
  }
  if (one.description) text.append(h("div", { class: "embed-text" }, blocks(one.description)));
  if (one.fields?.length) {
    text.append(
      h(
        "dl",
        {},
        one.fields.map((field) =>
          h(
            "div",
            { class: field.inline ? "inline" : "" },
            h("dt", {}, inline(field.name)),
            h("dd", {}, blocks(field.value)),
          ),
        ),
      ),
    );
  }
  box.append(text);
  if (one.thumbnail) box.append(h("div", { class: "thumbnail" }, embedPicture(one.thumbnail.url, message)));
  if (one.image) text.append(embedPicture(one.image.url, message));
  if (one.footer || one.timestamp) {
    const stamp = one.timestamp
      ? format({ dateStyle: "medium", timeStyle: "short" }, Date.parse(one.timestamp), zone())
      : null;
    text.append(h("div", { class: "embed-footer" }, [one.footer?.text, stamp].filter(Boolean).join(" • ")));
  }
  return box;
}

function embedPicture(url, message) {
  const path = own(url),
    file = message.attachments.find((one) => one.url === url);
  if (path)
    return h(
      "a",
      { class: "picture", href: path, target: "_blank", rel: "noopener" },
      picture(path, file?.description ?? t("image", { name: file?.filename ?? "" })),
    );
  let host = url;
  try {
    host = new URL(url).host;
  } catch {
    /* it stays as it is */
  }
  return h(
    "a",
    { class: "file", href: /^https?:/.test(url) ? url : "#", target: "_blank", rel: "noopener noreferrer" },
    icon("out"),
    h("span", {}, t("elsewhere", { host })),
  );
}
