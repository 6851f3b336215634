// The sandbox's page. Read in this order: `state` (what is known), `timeline` and `message` (what
// is shown), `composer` and `chip` (what is written), `inside` and `story`.
import { startTicking } from "./clock.js";
import { startComposer } from "./composer.js";
import { $, h, icon } from "./dom.js";
import { startInside } from "./inside.js";
import { startMailbox } from "./mailbox.js";
import { startMenu } from "./menu.js";
import { startSidebar } from "./sidebar.js";
import { emit, guild, isHome, isMail, loadWorld, nameOf, on, state } from "./state.js";
import { startStory } from "./story.js";
import { choose, label, language, t } from "./text.js";
import { startTimeline } from "./timeline.js";

const WIDE = matchMedia("(min-width: 1120px)");
const LIGHT = matchMedia("(prefers-color-scheme: light)");

function startTools() {
  const theme = h("button", { type: "button", class: "icon", id: "theme" });
  const words = h("button", { type: "button", class: "icon words", id: "language" });
  const inside = h(
    "button",
    { type: "button", class: "icon", id: "show-inside", "aria-controls": "inside" },
    icon("pulse"),
  );
  $("tools").append(words, theme, inside);
  const dress = () => {
    const chosen = localStorage.getItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
    const isLight = (chosen ?? (LIGHT.matches ? "light" : "dark")) === "light";
    theme.replaceChildren(icon(isLight ? "moon" : "sun"));
    theme.onclick = () => {
      localStorage.setItem("theme", isLight ? "dark" : "light");
      dress();
    };
  };
  const word = () => {
    words.textContent = language() === "ko" ? "EN" : "한";
    for (const [button, key] of [
      [theme, "theme"],
      [words, "page-language"],
      [inside, "show-inside"],
    ]) {
      button.title = t(key);
      button.setAttribute("aria-label", t(key));
    }
    words.lang = language() === "ko" ? "en" : "ko";
  };
  words.onclick = () => {
    choose(language() === "ko" ? "en" : "ko");
    emit("language");
  };
  inside.onclick = () => emit("inside");
  LIGHT.addEventListener("change", dress);
  on("language", word);
  dress();
  word();
}

/** The panel at the right: open on wide screens until closed, a drawer on narrow ones. */
function startPanels() {
  let isInside = WIDE.matches;
  const { classList } = document.body;
  const arrange = () => {
    classList.toggle("inside", isInside);
    $("show-inside").setAttribute("aria-expanded", String(isInside));
    $("open-drawer").setAttribute("aria-expanded", String(classList.contains("drawer")));
    $("shade").hidden = !(classList.contains("drawer") || (isInside && !WIDE.matches));
  };
  const focusIn = (panel, back) => (panel ? panel.querySelector("button:not(:disabled)") : back)?.focus();
  on("inside", () => {
    isInside = !isInside;
    arrange();
    focusIn(isInside ? $("inside") : null, $("show-inside"));
  });
  on("drawer", arrange);
  WIDE.addEventListener("change", () => {
    isInside = WIDE.matches;
    arrange();
  });
  $("open-drawer").append(icon("menu"));
  $("open-drawer").onclick = () => {
    classList.toggle("drawer");
    arrange();
    focusIn(classList.contains("drawer") ? $("channels") : null, $("open-drawer"));
  };
  const close = () => {
    if ($("shade").hidden) return;
    const back = classList.contains("drawer") ? $("open-drawer") : $("show-inside");
    classList.remove("drawer");
    isInside = false;
    arrange();
    back.focus();
  };
  $("shade").onclick = close;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("form").open) close();
  });
  arrange();
}

function title() {
  const name = isMail()
    ? t("mailbox")
    : isHome()
      ? nameOf(state.world.bot)
      : (guild()?.channels.find((one) => one.id === state.channel)?.name ?? "");
  const mark = isHome()
    ? icon(isMail() ? "mail" : "chat")
    : h("span", { class: "hash", "aria-hidden": "true" }, "#");
  $("place").replaceChildren(mark, h("span", {}, name));
}

startMenu();
startTools();
startPanels();
startStory();
startSidebar();
startComposer();
startInside();
startMailbox();
on("place language world", title);
label();
startTicking();
while (!(await loadWorld())) await new Promise((wait) => setTimeout(wait, 1000));
startTimeline();
document.body.dataset.ready = "true";
