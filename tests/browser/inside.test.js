// What is happening inside, and what the bot survives.
import assert from "node:assert/strict";

import { become, message, messages, run, story } from "./support.js";

const card = (page) => page.locator("pre").filter({ hasText: "나약한 자식" });

story("what runs is shown with the time that is left, until it is completed", {}, async (page) => {
  await run(page, "/timeattack start task:Read limit:10m");
  const running = page.locator(".attacks li").filter({ hasText: "Read" });
  await running.getByText(/^9:5\d$/).waitFor();
  await message(page, "Read").getByRole("button", { name: "Complete" }).click();
  await message(page, "🎉").waitFor();
  await page.getByText("Nothing is running.").waitFor();
  assert.equal(await card(page).count(), 0);
});

story("the failure card stands there at the deadline, and how late it was", {}, async (page) => {
  await run(page, "/timeattack start task:Read limit:3s");
  await card(page).getByText("Name: Mina").waitFor();
  await page.locator(".bars span").waitFor();
  await page
    .getByText(/ms late/)
    .first()
    .waitFor();
});

story("a bot that is killed announces what it missed when it is back", {}, async (page) => {
  await run(page, "/timeattack start task:Read limit:4s");
  await message(page, "Read").first().waitFor();
  await page.getByRole("button", { name: "Kill it for 5 s" }).click();
  await page.locator(".dot.down").waitFor();
  await page.getByText(/It comes back in \d s/).waitFor();
  assert.equal(await card(page).count(), 0);
  await page.locator(".dot.up").waitFor({ timeout: 20_000 });
  await card(page).waitFor({ timeout: 20_000 });
  assert.equal(await card(page).count(), 1);
});

story(
  "a command to a bot that is down is kept, and can be sent when it is back",
  {},
  async (page, sandbox) => {
    // For longer than the page would, and than an answer is waited for.
    const killed = await page.request.post(`${sandbox.url}/local/bot`, { data: { down_ms: 9_000 } });
    assert.equal(killed.status(), 200);
    await page.locator(".dot.down").waitFor();
    await run(page, "/timeattack start task:Read limit:10m");
    await page.getByRole("alert").filter({ hasText: "The application did not respond" }).waitFor();
    assert.equal(await page.locator('[data-option="task"]').inputValue(), "Read");
    await page.locator(".dot.up").waitFor({ timeout: 20_000 });
    await page.getByRole("alert").filter({ hasText: "did not respond" }).waitFor({ state: "hidden" });
    await page.locator("#send").click();
    await message(page, "Read").getByText("in 9 minutes").waitFor();
  },
);

story("an outage of Discord's is survived", {}, async (page) => {
  await run(page, "/timeattack start task:Read limit:4s");
  await message(page, "Read").first().waitFor();
  await page.getByRole("button", { name: "Discord answers 500 for 10 s" }).click();
  await page.getByRole("button", { name: /Discord answers 500 for \d+ s more/ }).waitFor();
  await card(page).waitFor({ timeout: 40_000 });
  await page.getByRole("switch", { name: "Rate limits" }).uncheck();
  await page.reload();
  await page.locator(".limits:not(:checked)").waitFor({ state: "attached" });
});

story("the story plays itself, and stops when it is told to", {}, async (page) => {
  await page.getByRole("button", { name: "Play the 1-minute demo" }).click();
  await page.locator("#caption").filter({ hasText: "Mina has 20 seconds" }).waitFor();
  await message(page, "Water the plants").first().waitFor();
  await message(page, "🎉").first().waitFor({ timeout: 15_000 });
  await page.locator("#caption").filter({ hasText: "자몽" }).waitFor({ timeout: 15_000 });
  await page.getByRole("button", { name: "Stop the demo" }).click();
  await page.locator("#caption").filter({ hasText: "The demo was stopped." }).waitFor();
  await page.getByRole("button", { name: "Play the 1-minute demo" }).waitFor();
  const count = await messages(page).count();
  assert.ok(count > 0);
});

story(
  "the story goes on where the verdict is posted, in whatever words, and ends",
  { test: { timeout: 200_000 } },
  async (page) => {
    await become(page, "Admin");
    await run(page, "/setup channels results:#results");
    // The first one takes the suggestion.
    await page.keyboard.press("Enter");
    await message(page, "#results").waitFor();
    await page.getByRole("button", { name: "Play the 1-minute demo" }).click();
    const caption = (text) => page.locator("#caption").filter({ hasText: text });
    await caption("Everybody can see it").waitFor();
    await page.locator("#me").filter({ hasText: "Mina" }).waitFor();
    await caption("everyone sees the card").waitFor({ timeout: 45_000 });
    await page.getByRole("heading", { name: "results", exact: true }).waitFor();
    await card(page).getByText("Name: 자몽").waitFor();
    await caption("Mina starts again").waitFor({ timeout: 15_000 });
    await page.getByRole("heading", { name: "general" }).waitFor();
    await caption("It is back").waitFor({ timeout: 60_000 });
    await page.getByRole("heading", { name: "results", exact: true }).waitFor();
    await card(page).getByText("Name: Mina").waitFor();
    // The night: a direct message that waits for the morning.
    await caption("by day only").waitFor({ timeout: 15_000 });
    await caption("waits in the outbox").waitFor({ timeout: 40_000 });
    await page
      .locator(".lanes li")
      .filter({ hasText: "Direct messages" })
      .getByText(/\d waiting/)
      .waitFor();
    await caption("the DM arrives").waitFor({ timeout: 40_000 });
    await message(page, "Read a chapter").first().waitFor();
    await caption("That was the demo").waitFor({ timeout: 15_000 });
    // It ends where there is something to try.
    await page.getByRole("heading", { name: "general" }).waitFor();
  },
);

story("a story that cannot go on says what the bot said", {}, async (page) => {
  for (const task of ["One", "Two", "Three", "Four", "Five"]) {
    await run(page, `/timeattack start task:${task} limit:1h`);
    await message(page, task).first().waitFor();
  }
  await page.getByRole("button", { name: "Play the 1-minute demo" }).click();
  await page.locator("#caption").filter({ hasText: "The demo can't go on: You already have" }).waitFor();
});

story("a gateway that is cut is there again, and nothing is lost", {}, async (page) => {
  await run(page, "/timeattack start task:Read limit:3s");
  await message(page, "Read").first().waitFor();
  await page.getByRole("button", { name: "Cut the gateway" }).click();
  await card(page).waitFor();
  await page.getByText("connected", { exact: true }).waitFor();
  await run(page, "/timeattack start task:Write limit:10m");
  await message(page, "Write").first().waitFor();
});
