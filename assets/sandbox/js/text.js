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
    if (found) return t(key, inWords(found.groups));
  }
  return text;
}

/** What an option needs is said in the page's language. */
const inWords = (groups) =>
  groups?.kind && chosen !== "en" ? { ...groups, kind: t(KINDS[groups.kind] ?? groups.kind) } : groups;

const KINDS = {
  text: "type-3",
  "a whole number": "type-4",
  "yes or no": "type-5",
  "a member": "type-6",
  "a channel": "type-7",
  "a role": "type-8",
  "a member or role": "type-9",
  "a number": "type-10",
  "a file": "type-11",
};

const REFUSALS = [
  [/^The application did not respond$/, "no-answer"],
  [/^The sandbox is not running$/, "gone"],
  [/^You do not have permission to use this command$/, "not-allowed"],
  [/^that message is gone$/, "message-gone"],
  [/^there is no command “\/?(?<path>.*)”$/, "no-command"],
  [/^the option “(?<name>.*)” is required$/, "required-option"],
  [/^the option “(?<name>.*)” needs (?<kind>.*)$/, "wrong-kind"],
  [/^the option “(?<name>.*)” must be between (?<least>-?\d+) and (?<most>\d+)$/, "wrong-number"],
  [/^“(?<name>.*)” must have (?<least>\d+) to (?<most>\d+) characters$/, "wrong-length"],
  [/^“(?<text>.*)” isn't one of the choices$/, "no-choice"],
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
