// What is written in the message box: commands with options, suggestions, files, forms.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";

import { become, forward, message, messages, run, story, type } from "./support.js";

story("a time attack is started option by option", {}, async (page) => {
  await type(page, "/tim");
  const list = page.getByRole("listbox", { name: "Commands" });
  await list.getByRole("option", { name: /\/timeattack start/ }).click();
  await page.locator("#line").press("ArrowDown");
  await page.locator("#line").press("Enter");
  await page.keyboard.type("Read a book");
  await page.keyboard.press("Tab");
  await page.keyboard.type("li");
  await page.keyboard.press("Tab");
  await page.keyboard.type("30m");
  await page.keyboard.press("Enter");
  const started = message(page, "Read a book");
  await started.getByText("in 29 minutes").waitFor();
  await started.getByText("Mina used /timeattack start").waitFor();
  assert.equal(await page.locator("#line").inputValue(), "");
});

story("suggestions come from the bot, with what is typed so far", {}, async (page) => {
  await type(page, "/timeattack start task:Read limit:1h 30");
  const list = page.getByRole("listbox");
  await list.getByRole("option", { name: /1h 30/ }).first().waitFor();
  const offered = await list.getByRole("option").allTextContents();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator('[data-option="limit"]').inputValue(), offered[0]);
  await page.keyboard.press("Enter");
  await message(page, "Read")
    .getByText(/in 1 hour/)
    .waitFor();
});

story("the form is filled in, and keeps what was typed when it is refused", {}, async (page) => {
  await run(page, "/timeattack start ");
  const form = page.getByRole("dialog", { name: "New time attack" });
  await form.getByLabel("What are you going to do?").fill("Water the plants");
  await form.getByRole("button", { name: "Submit" }).click();
  await form.getByText("“How long, or until when?” is required.").waitFor();
  assert.equal(await form.getByLabel("What are you going to do?").inputValue(), "Water the plants");
  await form.getByLabel("What are you going to do?").fill("x".repeat(201));
  await form.getByLabel("How long, or until when?").fill("10m");
  await form.getByRole("button", { name: "Submit" }).click();
  await form.getByText("must have 1 to 200 characters").or(form.getByText("must have 0 to 200 characters")).waitFor();
  await form.getByLabel("What are you going to do?").fill("Water the plants");
  await form.getByRole("button", { name: "Submit" }).click();
  await message(page, "Water the plants").getByText("in 9 minutes").waitFor();
  assert.ok(await form.isHidden());
});

story("a refused option is red, and nothing that was typed is lost", {}, async (page) => {
  await type(page, "/timeattack status member:nobody");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "“member” needs a member." }).waitFor();
  const chip = page.locator(".chip.wrong");
  assert.equal(await chip.locator("input").inputValue(), "nobody");
  assert.ok(await chip.locator("input").evaluate((input) => input === document.activeElement));
  await chip.locator("input").fill("자몽");
  await page.locator(".chip.wrong").waitFor({ state: "detached" });
  assert.equal(await page.locator("#notice").textContent(), "");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await messages(page).first().waitFor();
});

story("a refusal is gone in another channel, what was written is not", {}, async (page) => {
  await run(page, "/timeattack status member:nobody");
  await page.getByRole("alert").filter({ hasText: "needs a " }).waitFor();
  await page.getByRole("button", { name: "results" }).click();
  await page.getByRole("heading", { name: "results", exact: true }).waitFor();
  assert.equal(await page.locator("#notice").textContent(), "");
  assert.equal(await page.locator(".chip.wrong").count(), 0);
  assert.equal(await page.locator('[data-option="member"]').inputValue(), "nobody");
});

for (const [locale, typed] of [
  ["ko-KR", "True"],
  ["en-US", "예"],
]) {
  story(`yes and no are understood in either language (${locale}, ${typed})`, { locale }, async (page) => {
    await type(page, `/timeattack reminders on:${typed}`);
    // Enter would take the suggestion.
    await page.locator("#send").click();
    await page
      .locator(".message.ephemeral")
      .filter({ hasText: /reminded|알림|알려/ })
      .waitFor();
  });
}

story("a required option is asked for before anything is sent", {}, async (page) => {
  await run(page, "/timeattack extend ");
  await page.getByRole("alert").filter({ hasText: "“by” is required." }).waitFor();
  assert.equal(await messages(page).count(), 0);
});

story("a proof is attached, and shown", {}, async (page, sandbox) => {
  const dot =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const file = path.join(sandbox.data, "proof.png");
  await writeFile(file, Buffer.from(dot, "base64"));
  await run(page, "/timeattack start task:Draw a dot limit:30m");
  await message(page, "Draw a dot").getByText("in 29 minutes").waitFor();
  await type(page, "/timeattack complete proof:");
  await page.locator('input[type="file"]').setInputFiles(file);
  await page.locator(".chip .pick").filter({ hasText: "proof.png" }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#send").click();
  const shown = messages(page).locator("img");
  await shown.first().waitFor();
  assert.ok(await shown.first().evaluate((image) => image.decode().then(() => image.naturalWidth === 1)));
});

story("buttons are pressed, and an end can be turned forward to", {}, async (page) => {
  await run(page, "/timeattack start task:Read limit:30m");
  await message(page, "Read").getByRole("button", { name: "+10 min" }).click();
  await message(page, "Read").getByText("in 39 minutes").waitFor();
  await forward(page, "1 h");
  await page.locator("pre").filter({ hasText: "나약한 자식" }).waitFor();
});

story("admins' commands are there for admins alone", {}, async (page) => {
  await type(page, "/setup");
  await page.getByText("There are no commands here.").waitFor();
  await page.keyboard.press("Escape");
  await become(page, "Admin");
  await page.locator("#line").fill("");
  await type(page, "/setup locale timezone:Honolulu");
  await page.getByRole("option", { name: /Pacific\/Honolulu/ }).click();
  // On to the next option, whose only values are a list.
  await page.keyboard.type("Eng");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await message(page, "Pacific/Honolulu").waitFor();
  // The page's clock goes by the server's zone.
  await page.locator(".clock").getByText("in Pacific/Honolulu").waitFor();
});

story("people write plain messages, and markdown looks as it should", {}, async (page) => {
  await run(
    page,
    "**bold** *thin* __under__ ~~gone~~ `code` ||secret|| [here](https://example.org) snake_case_name",
  );
  const said = messages(page).last();
  for (const [tag, text] of [
    ["strong", "bold"],
    ["em", "thin"],
    ["u", "under"],
    ["s", "gone"],
    ["code", "code"],
    ["a", "here"],
  ]) {
    assert.equal(await said.locator(tag).first().textContent(), text);
  }
  await said.getByText("snake_case_name").waitFor();
  const secret = said.getByRole("button", { name: "Spoiler: press to show" });
  await secret.click();
  await said.getByRole("button", { name: "secret" }).waitFor();
  assert.equal(await said.locator("a").getAttribute("rel"), "noopener noreferrer");
});

story("a command that is mentioned is written by a click", {}, async (page) => {
  await run(page, "Try </timeattack start:1> or </nothing here:2>");
  await messages(page).last().getByRole("button", { name: "/timeattack start" }).click();
  await page.locator("#parts .path").filter({ hasText: "/timeattack start" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await messages(page).last().getByRole("button", { name: "/nothing here" }).click();
  await page.getByRole("alert").filter({ hasText: "There is no command /nothing here" }).waitFor();
});

story("of several time attacks one is chosen from a menu", {}, async (page) => {
  for (const task of ["Read", "Write"]) {
    await run(page, `/timeattack start task:${task} limit:30m`);
    await message(page, task).first().waitFor();
  }
  await run(page, "/timeattack complete ");
  const menu = messages(page).locator("select");
  const write = menu.locator("option").filter({ hasText: "Write" });
  await menu.selectOption(await write.getAttribute("value"));
  await message(page, "🎉").filter({ hasText: "Write" }).waitFor();
});

story("an app is used on a message, by a right click or a key", {}, async (page) => {
  await run(page, "Read chapter three");
  await messages(page).last().click({ button: "right" });
  const app = page.getByRole("menuitem", { name: "Start a time attack with this" });
  await app.click();
  const form = page.getByRole("dialog");
  assert.equal(await form.getByLabel("What are you going to do?").inputValue(), "Read chapter three");
  await form.getByLabel("How long, or until when?").fill("10m");
  await form.getByRole("button", { name: "Submit" }).click();
  await message(page, "started Read chapter three").waitFor();
  await messages(page).first().focus();
  await page.keyboard.press("Enter");
  await app.focus();
  await page.keyboard.press("Enter");
  await form.waitFor();
});

story("the help names commands that can be clicked", {}, async (page) => {
  await run(page, "/help ");
  await messages(page).getByRole("button", { name: "/timeattack start" }).first().click();
  await page.locator("#parts .path").filter({ hasText: "/timeattack start" }).waitFor();
});
