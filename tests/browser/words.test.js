// The page's own words: both languages have the same, and none is left over.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../../assets/sandbox/js/", import.meta.url);
const words = async (name) =>
  (await import(`data:text/javascript,${encodeURIComponent(readFileSync(new URL(name, FOLDER), "utf8"))}`))
    .default;
const [en, ko] = [await words("words.en.js"), await words("words.ko.js")];

test("both languages have the same words, with the same places in them", () => {
  assert.deepEqual(Object.keys(ko).sort(), Object.keys(en).sort());
  const places = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const [key, text] of Object.entries(en)) assert.deepEqual(places(ko[key]), places(text), key);
});

test("every word is used", () => {
  const sources = readdirSync(FOLDER).filter((name) => name.endsWith(".js") && !name.startsWith("words."));
  const code = [...sources.map((name) => new URL(name, FOLDER)), new URL("../index.html", FOLDER)]
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  // Keys that are put together: `type-3`, `span-min`, `lane-post`, `part-bot`, `mail-text`.
  const isMade = (key) => /^(type|span|lane|part|mail)-/.test(key);
  const unused = Object.keys(en).filter((key) => !isMade(key) && !code.includes(`"${key}"`));
  assert.deepEqual(unused, []);
});
