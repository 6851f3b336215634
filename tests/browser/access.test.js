// For everybody: by the keyboard alone, on a narrow screen, and for screen readers (axe).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

import { message, messages, run, story } from "./support.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Not as bad, and yet in the way of whoever goes by headings or speaks to the page. */
const ALSO = ["heading-order", "label-content-name-mismatch", "page-has-heading-one"];

/** No view may have what axe calls a serious or critical violation, nor one of these. */
async function check(page, view) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((also) => {
    const rules = Object.fromEntries(also.map((rule) => [rule, { enabled: true }]));
    return window.axe.run(document, { resultTypes: ["violations"], rules });
  }, ALSO);
  const bad = violations.filter(
    (one) => ["serious", "critical"].includes(one.impact) || ALSO.includes(one.id),
  );
  const words = bad.flatMap((one) =>
    one.nodes.map(
      (node) =>
        `${view}: ${one.id} at ${node.target.join(" ")}: ${node.any.concat(node.all)[0]?.message ?? one.help}`,
    ),
  );
  assert.deepEqual(words, []);
}

story("a time attack is started by the keyboard alone", {}, async (page) => {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  await page.locator("#line:focus").waitFor();
  await page.keyboard.type("/timeattack start");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("Read");
  await page.keyboard.press("Tab");
  await page.keyboard.type("10m");
  await page.keyboard.press("Enter");
  await message(page, "Read").first().waitFor();
  await page.locator("#announcer").filter({ hasText: "started Read" }).waitFor({ state: "attached" });
  // The focus is back where one was; from there up to the message and what apps do with it.
  await page.locator("#line:focus").waitFor();
  await page.locator('.message[tabindex="0"]').focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.getByRole("menu", { name: "Apps" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".more:focus").waitFor();
});

story("no key is a trap: the focus goes round the page", {}, async (page) => {
  const seen = new Set();
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press("Tab");
    seen.add(
      await page.evaluate(
        () => document.activeElement.id || document.activeElement.className || document.activeElement.tagName,
      ),
    );
  }
  for (const id of ["skip", "line", "send", "me", "play"])
    assert.ok(
      [...seen].some((one) => one.split(" ").includes(id)),
      `${id} in ${[...seen]}`,
    );
});

story(
  "a narrow screen has a drawer, and nothing is cut off",
  { viewport: { width: 360, height: 720 }, hasTouch: true },
  async (page) => {
    await page.getByRole("button", { name: "Servers and channels" }).click();
    await page.getByRole("button", { name: "results" }).click();
    await page.getByRole("heading", { name: "results", exact: true }).waitFor();
    await page.getByRole("button", { name: "results" }).waitFor({ state: "hidden" });
    await run(page, "/timeattack start task:Read limit:3s");
    await page.locator("pre").filter({ hasText: "나약한 자식" }).waitFor();
    await page.getByRole("button", { name: "What is happening inside" }).click();
    await page
      .getByText(/ms late/)
      .first()
      .waitFor();
    await check(page, "narrow, inside");
    await page.keyboard.press("Escape");
    const isCut = await page.evaluate(
      () =>
        document.documentElement.scrollWidth > innerWidth ||
        document.querySelector("#scroller").scrollWidth > document.querySelector("#scroller").clientWidth,
    );
    assert.equal(isCut, false);
  },
);

for (const colorScheme of ["dark", "light"]) {
  story(
    `what is on the page can be read and operated by everybody (${colorScheme})`,
    { colorScheme },
    async (page) => {
      await run(page, "**Hello** `all` ||of|| [you](https://example.org) <@1> <t:1800000000:R>\u0020");
      await run(page, "/timeattack start task:Read limit:3s");
      await page.locator("pre").filter({ hasText: "나약한 자식" }).waitFor();
      await check(page, "messages");
      await page.locator("#line").fill("/timeattack start ");
      await page.getByRole("option").first().waitFor();
      await check(page, "composer");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.getByRole("button", { name: "Submit" }).click();
      await check(page, "form");
      await page.keyboard.press("Escape");
      await page.locator("#me").click();
      await page.getByRole("menu").waitFor();
      await check(page, "menu");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /^Direct messages/ }).click();
      await page.getByRole("button", { name: "Mailbox" }).click();
      await page.getByText("No email yet").waitFor();
      await check(page, "mailbox");
    },
  );
}
