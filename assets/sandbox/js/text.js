// The page's own words, in English and Korean. What the bot says is the bot's.
import en from "./words.en.js";
import ko from "./words.ko.js";

const WORDS = { en, ko };
let chosen = localStorage.getItem("language");
if (!(chosen in WORDS)) chosen = navigator.language.startsWith("ko") ? "ko" : "en";

export const language = () => chosen;

/** The words for `key`, with `{name}` filled in. */
export function t(key, values = {}) {
  const text = WORDS[chosen][key] ?? WORDS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/** What the sandbox refuses, in its English words, as the reader's language has it. */
export function refusal(text) {
  for (const [pattern, key] of REFUSALS) {
    const found = pattern.exec(text);
    if (found) return t(key, found.groups);
  }
  return text;
}

const REFUSALS = [
  [/^The application did not respond$/, "no-answer"],
  [/^The sandbox is not running$/, "gone"],
  [/^You do not have permission to use this command$/, "not-allowed"],
  [/^that message is gone$/, "message-gone"],
  [/^there is no command “\/?(?<path>.*)”$/, "no-command"],
  [/^the option “(?<name>.*)” is required$/, "required-option"],
  [/^the option “(?<name>.*)” takes another kind of value$/, "wrong-kind"],
  [/^the option “(?<name>.*)” takes (?<least>-?\d+) to (?<most>\d+)$/, "wrong-number"],
  [/^“(?<name>.*)” takes (?<least>\d+) to (?<most>\d+) characters$/, "wrong-length"],
  [/^“(?<text>.*)” is none of the choices$/, "no-choice"],
  [/^Your files are too powerful$/, "too-large"],
];

export function choose(next) {
  chosen = next;
  localStorage.setItem("language", next);
  label();
}

/** Fills in what stands in the page itself: `data-t` and `data-t-label`. */
export function label() {
  document.documentElement.lang = chosen;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]"))
    node.setAttribute("aria-label", t(node.dataset.tLabel));
}
