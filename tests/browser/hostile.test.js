// What members write is never a script, nor markup, nor a way out of where it stands.
import assert from "node:assert/strict";

import { become, message, messages, run, story, type } from "./support.js";

const TASK =
  "<img src=x onerror=hit()></script><script>hit()</script> **b** @everyone `x` ```y``` [z](javascript:hit())";

story("a hostile task is text, wherever it is shown", {}, async (page) => {
  await page.evaluate(() => {
    window.hit = () => {
      window.wasHit = true;
    };
  });
  await type(page, "/timeattack start ");
  await page.keyboard.press("Enter");
  const form = page.getByRole("dialog");
  await form.getByLabel("What are you going to do?").fill(TASK);
  await form.getByLabel("How long, or until when?").fill("6s");
  await form.getByRole("button", { name: "Submit" }).click();
  await page.locator(".attacks").getByText("<img src=x onerror=hit()>").waitFor();
  await message(page, TASK.slice(0, 58)).first().waitFor();
  await page.locator("pre").filter({ hasText: "나약한 자식" }).waitFor();
  assert.equal(await page.evaluate(() => window.wasHit), undefined);
  assert.equal(await page.locator("#messages img, #messages script, #inside img").count(), 0);
  assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
  assert.equal(await page.locator("pre").count(), 1, "the card was not broken out of");
});

story("what a hostile member says is text, however deep", {}, async (page) => {
  const lines = [
    "<img src=x onerror=hit()><svg onload=hit()><iframe srcdoc=x>",
    "[click](javascript:alert(1)) [data](data:text/html,x) <javascript:alert(1)>",
    `${"> ".repeat(900)}deep`,
    `${"**".repeat(900)}`,
    `${"||*_".repeat(400)}`,
    `**${"\\".repeat(1500)}`,
    `*h_${"*h".repeat(500)}`,
    "<t:99999999999999:R> <t:-1:q> <@1> <#1> <@&1>",
    "```yaml\n</code></pre><script>hit()</script>\n```",
  ];
  for (const [index, line] of lines.entries()) {
    await page.locator("#line").fill(line);
    await page.keyboard.press("Enter");
    await messages(page).nth(index).waitFor();
  }
  assert.equal(
    await page.locator("#messages img, #messages svg:not(.i), #messages iframe, #messages script").count(),
    0,
  );
  assert.equal(await page.locator('#messages a:not([href^="http"])').count(), 0);
  await page.getByText("<svg onload=hit()>").waitFor();
});

story("an answer for one person is shown to nobody else", {}, async (page) => {
  await run(page, "/timeattack status ");
  await message(page, "Only you can see this").first().waitFor();
  await become(page, "Admin");
  await page.locator(".welcome").waitFor();
  assert.equal(await messages(page).count(), 0);
  await become(page, "Mina");
  await message(page, "Only you can see this").getByRole("button", { name: "Dismiss message" }).click();
  await messages(page).first().waitFor({ state: "detached" });
});
