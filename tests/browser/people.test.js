// Who one is, what language they speak, and what came while they looked elsewhere.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { become, forward, message, messages, run, story } from "./support.js";

story("a person's language is the bot's answers', the page's is the reader's", {}, async (page) => {
  await run(page, "/timeattack status ");
  await message(page, "Only you can see this").waitFor();
  await page.getByRole("button", { name: "Speaks: 한국어" }).click();
  await page.locator('[aria-pressed="true"][lang="ko"]').waitFor();
  await run(page, "/timeattack status ");
  await message(page, "타임어택").waitFor();
  await page.getByText("What is happening inside").waitFor();
  await page.getByRole("button", { name: "한국어로 보기" }).click();
  await page.getByText("내부에서 일어나는 일").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ko");
  // It is remembered.
  await page.reload();
  await page.getByText("내부에서 일어나는 일").waitFor();
});

story("a browser in Korean gets a page in Korean", { locale: "ko-KR" }, async (page) => {
  await page.getByRole("button", { name: "1분 데모 보기" }).waitFor();
  // And begins as somebody who speaks it, where it is spoken.
  await page.getByText("여기가 #일반 채널의 시작이에요.").waitFor();
  await page.locator("#me").filter({ hasText: "자몽" }).waitFor();
  // Unless another place was chosen.
  await become(page, "Mina");
  await page.getByRole("button", { name: "Study Room" }).click();
  await page.reload();
  await page.getByText("여기가 #general 채널의 시작이에요.").waitFor();
  await page.locator("#me").filter({ hasText: "Mina" }).waitFor();
});

story("the story is told in the reader's language, where it is spoken", { locale: "ko-KR" }, async (page) => {
  // From wherever one is.
  await page.getByRole("button", { name: "Study Room" }).click();
  await page.getByRole("button", { name: "1분 데모 보기" }).click();
  await page.locator("#caption").filter({ hasText: "자몽 님이 20초" }).waitFor();
  await page.getByRole("heading", { name: "일반" }).waitFor();
  await message(page, "화분에 물 주기").first().waitFor();
  await message(page, "🎉").first().waitFor({ timeout: 15_000 });
  await page.locator("#caption").filter({ hasText: "Mina 님은 7초" }).waitFor({ timeout: 15_000 });
  await page.getByRole("button", { name: "데모 멈추기" }).click();
});

story("direct messages come with a mark, which goes when they are read", {}, async (page) => {
  await run(page, "/dm allow ");
  const home = page.getByRole("button", { name: /^Direct messages, \d+ unread$/ });
  // At night it waits for the morning, which is at most two turns of eight hours away.
  for (let turn = 0; turn < 2; turn += 1) {
    if (
      await home.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      )
    )
      break;
    await forward(page, "8 h");
  }
  await home.waitFor();
  await home.click();
  await messages(page).first().waitFor();
  await page.getByRole("button", { name: "Direct messages", exact: true }).waitFor();
  await become(page, "Admin");
  await page.getByText("This is where your direct messages with timeattack begin.").waitFor();
  assert.equal(await messages(page).count(), 0, "nobody else's");
});

story("what comes in another channel is marked there until it is read", {}, async (page) => {
  await run(page, "Hello everybody");
  await messages(page).first().waitFor();
  await page.getByRole("button", { name: "results" }).click();
  await become(page, "Admin");
  const general = page.getByRole("button", { name: "general, 1 unread" });
  await general.waitFor();
  await general.click();
  await page.locator(".divider.new").or(messages(page)).first().waitFor();
  await page.getByRole("button", { name: "general", exact: true }).waitFor();
});

story("the second server has its own channels and commands of its own language", {}, async (page) => {
  await page.getByRole("button", { name: "공부방" }).click();
  await page.getByRole("button", { name: "일반" }).waitFor();
  await run(page, "/timeattack start task:Read limit:10m");
  await message(page, "Read").getByText("타임어택").first().waitFor();
});

story(
  "the mailbox is empty until there is mail, and shows it without letting it act",
  {},
  async (page, sandbox) => {
    await page.getByRole("button", { name: "Direct messages" }).click();
    await page.getByRole("button", { name: "Mailbox" }).click();
    await page.getByText("No email yet").waitFor();
    const mail = [
      "From: Study Room <bot@example.org>",
      "To: mina@example.org",
      "Subject: =?utf-8?q?Your_week?=",
      "Date: Sat, 21 Nov 2026 09:00:00 +0900",
      `List-Unsubscribe: <mailto:out@example.org>, <${sandbox.url}/?out>`,
      "MIME-Version: 1.0",
      'Content-Type: multipart/alternative; boundary="b"',
      "",
      "--b",
      "Content-Type: text/plain; charset=utf-8",
      "",
      "Five of six done.",
      "",
      "--b",
      "Content-Type: text/html; charset=utf-8",
      "",
      `<h1>Five of six</h1><script>parent.wasHit = true</script><a href="${sandbox.url}/?in">More</a>`,
      "",
      "--b--",
      "",
    ].join("\r\n");
    await mkdir(path.join(sandbox.data, "mail"), { recursive: true });
    await writeFile(path.join(sandbox.data, "mail", "1.eml"), mail);
    await page.getByRole("button", { name: "timeattack" }).click();
    await page.getByRole("button", { name: "Mailbox" }).click();
    await page.getByRole("button", { name: /Your week/ }).click();
    const frame = page.locator("#mail iframe");
    const allowed = "allow-popups allow-popups-to-escape-sandbox";
    assert.equal(await frame.getAttribute("sandbox"), allowed);
    await page.frameLocator("#mail iframe").getByRole("heading", { name: "Five of six" }).waitFor();
    assert.equal(await page.evaluate(() => window.wasHit), undefined);
    // What a link leads to opens apart, and cannot reach back.
    const links = [
      [page.frameLocator("#mail iframe").getByRole("link", { name: "More" }), "/?in"],
      [page.getByRole("link", { name: "Unsubscribe" }), "/?out"],
    ];
    for (const [link, leads] of links) {
      const opening = page.context().waitForEvent("page");
      await link.click();
      const opened = await opening;
      await opened.waitForLoadState();
      assert.equal(opened.url(), `${sandbox.url}${leads}`);
      assert.equal(await opened.evaluate(() => window.opener), null);
      await opened.close();
    }
    await page.getByRole("button", { name: "Text" }).click();
    await page.locator("#mail pre").filter({ hasText: "Five of six done." }).waitFor();
    await page.getByRole("button", { name: "Source" }).click();
    await page.locator("#mail pre").filter({ hasText: "multipart/alternative" }).waitFor();
  },
);
