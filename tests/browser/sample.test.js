// Sample data: one press fills what is empty at first.
import assert from "node:assert/strict";

import { become, message, picture, run, story } from "./support.js";

story(
  "one press makes half a year of history, and a mailbox full of emails",
  { test: { timeout: 120_000 } },
  async (page) => {
    page.setDefaultTimeout(20_000);
    await page.getByRole("button", { name: "Fill with sample data" }).click();
    await page.getByText(/^Done: \d+ time attacks in 26 weeks/).waitFor();
    const stats = message(page, "Time attacks of").locator("img").first();
    await stats.waitFor();
    await message(page, "All time").getByText("Mina").first().waitFor();
    await picture(page, "sample-data");
    // The first one takes the command, the second one sends it.
    await run(page, "/timeattack history");
    await page.keyboard.press("Enter");
    await message(page, /page 1 of \d+/).waitFor();
    await page.getByRole("button", { name: /^Direct messages/ }).click();
    await page.getByRole("button", { name: /^Mailbox/ }).click();
    await page.locator("[data-mail]").first().click();
    const letter = page.frameLocator("#mail iframe");
    await letter.getByRole("heading", { name: /^Hello .+, a new week begins$/ }).waitFor();
    assert.equal(await letter.locator("img").evaluate((image) => image.naturalWidth), 1200);
    await picture(page, "sample-mail");
    // A second press adds nothing.
    await page.getByRole("button", { name: "Study Room", exact: true }).click();
    await page.getByRole("button", { name: "Fill with sample data" }).click();
    await page.getByText("This server has its sample data already.").waitFor();
  },
);

story("a bot that is invited greets the server once, and a manager sets its zone by a button", {}, async (page) => {
  await page.getByRole("button", { name: "Invite the bot again" }).click();
  const greeting = message(page, "I help you keep the deadlines");
  await greeting.getByText("only a guess").waitFor();
  await picture(page, "greeting");
  await greeting.getByRole("button", { name: "Time zone: New York" }).click();
  await message(page, "Manage Server").waitFor();
  await become(page, "Admin");
  await greeting.getByRole("button", { name: "Time zone: New York" }).click();
  await message(page, "Which time zone").waitFor();
  await page.getByRole("button", { name: "Invite the bot again" }).click();
  await run(page, "/help");
  await page.keyboard.press("Enter");
  await message(page, "What you can do here").waitFor();
  await picture(page, "help");
  assert.equal(await greeting.count(), 1);
});
