// Pictures of the main views, for those who judge how it looks: `screenshots/*.png`.
import { become, forward, message, picture, run, story, type } from "./support.js";

const card = (page) => page.locator("pre").filter({ hasText: "나약한 자식" });

/** A morning in the study room: one made it, one did not, and somebody is at it. */
async function morning(page) {
  await run(page, "/timeattack start task:Water the plants limit:15m");
  const started = message(page, "Water the plants").first();
  // Time that passes before the answer is there would be the bot's.
  await started.waitFor();
  await forward(page, "10 min");
  await started.getByText("in 4 minutes").waitFor();
  await started.getByRole("button", { name: "Complete" }).click();
  await message(page, "🎉").waitFor();
  await page.getByRole("button", { name: "Dismiss message" }).first().click();
  await become(page, "자몽");
  await run(page, "/timeattack start task:알고리즘 3문제 풀기 limit:2s");
  await card(page).waitFor();
  await become(page, "Admin");
  await run(page, "/timeattack start task:Write the minutes limit:25m");
  await message(page, "Write the minutes").first().waitFor();
  await become(page, "Mina");
  await page.locator(".attacks li").filter({ hasText: "Write the minutes" }).waitFor();
  await card(page).waitFor();
}

for (const colorScheme of ["dark", "light"]) {
  story(`pictures of the chat and the form (${colorScheme})`, { colorScheme }, async (page) => {
    await morning(page);
    await picture(page, `chat-${colorScheme}`);
    await run(page, "/timeattack start ");
    await page.getByRole("dialog").getByLabel("What are you going to do?").fill("Read a book");
    await page.getByRole("button", { name: "Submit" }).click();
    await picture(page, `form-${colorScheme}`);
  });

  story(
    `pictures of the composer in Korean (${colorScheme})`,
    { colorScheme, locale: "ko-KR" },
    async (page) => {
      await page.getByRole("button", { name: "공부방" }).click();
      await page.getByRole("button", { name: "일반" }).waitFor();
      await page.locator("#me").click();
      await page.getByRole("menuitemradio", { name: "자몽 되기" }).click();
      await type(page, "/");
      await page.getByRole("option").nth(5).waitFor();
      await picture(page, `commands-korean-${colorScheme}`);
      await page.locator("#line").fill("");
      await run(page, "/timeattack start task:알고리즘 3문제 풀기 limit:2초");
      await card(page).waitFor();
      await type(page, "/timeattack start task:책 30쪽 읽기 limit:1시간");
      await page.getByRole("option").first().waitFor();
      await picture(page, `composer-korean-${colorScheme}`);
    },
  );
}

story(
  "pictures of a narrow screen",
  { viewport: { width: 360, height: 720 }, hasTouch: true },
  async (page) => {
    await run(page, "/timeattack start task:Water the plants limit:2s");
    await card(page).waitFor();
    await picture(page, "narrow");
    await page.getByRole("button", { name: "Servers and channels" }).click();
    await picture(page, "narrow-drawer");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "What is happening inside" }).click();
    await page.locator(".bars span").waitFor();
    await picture(page, "narrow-inside");
  },
);

story("pictures of trouble, the mailbox and markdown", {}, async (page) => {
  await page
    .locator("#line")
    .fill(
      "**bold** *thin* __under__ ~~gone~~ `code` ||secret|| [here](https://example.org) <@1> <t:1800000000:R>",
    );
  await page.keyboard.press("Enter");
  await message(page, "bold").waitFor();
  await type(page, "/timeattack status member:nobody");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "needs a member" }).waitFor();
  await picture(page, "refused");
  await page.getByRole("button", { name: "Kill it for 5 s" }).click();
  await page.locator(".dot.down").waitFor();
  await picture(page, "killed");
  await page.getByRole("button", { name: /^Direct messages/ }).click();
  await page.getByRole("button", { name: "Mailbox" }).click();
  await page.getByText("No email yet").waitFor();
  await picture(page, "mailbox-empty");
});
