// Campaigns: five hundred people are written to, in view of whoever sends it.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { become, message, picture, run, story, type } from "./support.js";

const MAILS = fileURLToPath(new URL("mails/", import.meta.url));
const CITIES = [
  ["Seoul", "서울"],
  ["Busan", "부산"],
  ["Jeju", "제주"],
];

/** A list of `count` people with a city each, who all agreed to advertising. The last one is Mina. */
async function people(sandbox, count, language) {
  const rows = ["email,name,city,consent_at,consent_source,consent_wording"];
  for (let number = 1; number <= count; number += 1) {
    const isLast = number === count;
    const name = isLast ? "Mina" : language ? `독자 ${number}` : `Reader ${number}`;
    const email = isLast ? "mina@example.com" : `reader${number}@example.com`;
    const city = isLast ? "Gwangju" : CITIES[number % CITIES.length][language];
    rows.push(`${email},${name},${city},2026-01-05 09:00,sign-up form,I want news and offers by mail`);
  }
  const file = path.join(sandbox.data, "people.csv");
  await writeFile(file, `${rows.join("\r\n")}\r\n`);
  return file;
}

/** The banner of the mail, drawn by the browser. */
async function banner(page, sandbox, [title, line]) {
  const drawing = await page.context().newPage();
  await drawing.setViewportSize({ width: 1120, height: 320 });
  await drawing.setContent(`<style>
    body { margin: 0; height: 100vh; display: grid; place-content: center; text-align: center; color: #fff;
      background: linear-gradient(115deg, #4f5bd5, #9a5bd5 55%, #ef8f6b); font-family: system-ui, sans-serif; }
    b { font-size: 76px; line-height: 1.2; } span { font-size: 34px; opacity: .9; }
  </style><b>${title}</b><span>${line}</span>`);
  const file = path.join(sandbox.data, "banner.jpg");
  await drawing.screenshot({ path: file, type: "jpeg", quality: 80 });
  await drawing.close();
  return file;
}

/** Files are put into the chips of the command that is being written. */
async function attach(page, files) {
  for (const [option, file] of Object.entries(files)) {
    const input = page.locator(`input[type="file"][data-option="${option}"]`);
    if ((await input.count()) === 0) await type(page, `${option}:`);
    await input.setInputFiles(file);
    await page.locator(".chip .pick").filter({ hasText: path.basename(file) }).waitFor();
  }
  await page.locator("#send").click();
}

async function importPeople(page, file, button, done) {
  await type(page, "/subscriber import file:");
  await attach(page, { file });
  await page.getByRole("button", { name: button }).click();
  await message(page, done).waitFor();
}

/** To whom mails were sent, each as often as they were. */
async function mails(sandbox) {
  const folder = path.join(sandbox.data, "mail");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".eml"));
  const all = names.map((name) => readFile(path.join(folder, name), "utf8"));
  return (await Promise.all(all)).map((mail) => /^To:[^]*?([\w.]+@[\w.]+)/m.exec(mail)[1]);
}

/** The admin, who speaks Korean here, in the Korean server. */
async function becomeKorean(page, sandbox) {
  const { people: all } = await (await page.request.get(`${sandbox.url}/local/world`)).json();
  const admin = all.find((one) => one.name === "Admin");
  await page.request.post(`${sandbox.url}/local/people`, { data: { user: admin.id, locale: "ko" } });
  await page.getByRole("button", { name: "서버와 채널" }).click();
  await become(page, "Admin");
  await page.keyboard.press("Escape");
}

async function openMailbox(page) {
  await page.getByRole("button", { name: /^(Direct messages|다이렉트 메시지)/ }).click();
  await page.getByRole("button", { name: /^(Mailbox|메일함)/ }).click();
}

async function openMail(page, name) {
  await openMailbox(page);
  await page.locator("[data-mail]").filter({ hasText: name }).first().click();
  await page.locator("#mail iframe").waitFor();
  // Only when its picture is there too.
  const image = page.frameLocator("#mail iframe").locator("img").first();
  await image.waitFor();
  await image.evaluate((one) => one.decode());
}

/** What the mail that is open leads to: a page that asks. */
async function asked(page) {
  const opening = page.context().waitForEvent("page");
  await page.getByRole("link", { name: /^(Unsubscribe|수신거부)$/ }).click();
  const asking = await opening;
  await asking.locator("form button").first().waitFor();
  return asking;
}

/** Leaves by that page. */
async function leave(asking, name) {
  await picture(asking, name);
  await asking.locator("form button").first().click();
  // What was done, when, and for whom.
  await asking.locator("dl").waitFor();
  await picture(asking, `${name}-done`);
  await asking.close();
}

story(
  "a campaign reaches everybody once, though one leaves and the bot is killed while it runs",
  { test: { timeout: 180_000 } },
  async (page, sandbox) => {
    page.setDefaultTimeout(15_000);
    await become(page, "Admin");
    const file = await people(sandbox, 500, 0);
    await importPeople(page, file, "Import 500", "Imported: 500 new");

    // A template with a picture, and how it looks.
    const image = await banner(page, sandbox, ["Study Room", "the spring term begins"]);
    await type(page, "/template save name:spring subject:Spring at the Study Room, {{ name }}");
    await attach(page, { body: path.join(MAILS, "spring.html"), image1: image });
    await message(page, "The template spring was saved").getByText("city").waitFor();
    await run(page, "/template preview name:spring email:mina@example.com");
    const looks = message(page, "This is what would be sent");
    await looks.getByText("Hello Mina, spring is here").waitFor();
    await looks.getByRole("link", { name: /preview\.eml/ }).waitFor();
    await picture(page, "campaign-template");

    // Mina alone, by a segment: her mail is what she will leave by.
    await run(page, '/campaign create name:first template:spring segment:city = "Gwangju" kind:News');
    // The first one takes the choice.
    await page.keyboard.press("Enter");
    await message(page, "The campaign first was created").getByText("Recipients: 1").waitFor();
    await run(page, "/campaign send name:first");
    await page.getByRole("button", { name: "Send it to all of them" }).click();
    await message(page, "first is done").waitFor();
    await openMail(page, "mina@example.com");
    await picture(page, "campaign-mail");
    const asking = await asked(page);
    await page.getByRole("button", { name: "Study Room", exact: true }).click();

    // Everybody: what would be sent is shown, and waits for a click.
    await run(page, "/campaign create name:spring template:spring kind:News");
    await page.keyboard.press("Enter");
    await message(page, "The campaign spring was created").getByText("Recipients: 500").waitFor();
    await run(page, "/campaign test name:spring email:admin@example.com");
    await message(page, "A test is on its way to admin@example.com").waitFor();
    await run(page, "/campaign send name:spring");
    const shown = message(page, "spring is ready");
    await shown.getByRole("button", { name: "Send it to all of them" }).waitFor();
    await picture(page, "campaign-send");
    await shown.getByRole("button", { name: "Send it to all of them" }).click();

    // The bar edits itself in place, and stands still while it is paused.
    const bar = message(page, "spring is being sent");
    await bar.getByText(/[\d.]+ a second, about/).waitFor();
    await picture(page, "campaign-running");
    await bar.getByRole("button", { name: "Pause" }).click();
    await message(page, "spring is paused").waitFor();

    // Mina leaves by the mail that she has, while the one to come waits.
    await leave(asking, "campaign-unsubscribe");
    await message(page, "spring is paused").getByRole("button", { name: "Resume" }).click();
    await message(page, "spring is being sent").waitFor();

    // It is killed, and goes on when it is back.
    await page.getByRole("button", { name: "Kill it for 5 s" }).click();
    await page.locator(".dot.down").waitFor();
    await page.locator(".dot.up").waitFor({ timeout: 20_000 });
    await run(page, "/campaign status name:spring");
    await message(page, "spring is done").waitFor({ timeout: 60_000 });

    // The report adds up, and the mailbox agrees with it.
    await run(page, "/campaign report name:spring");
    const report = message(page, "The report. The file has one row per recipient");
    await report.locator("img").first().waitFor();
    await picture(page, "campaign-report");
    const link = report.getByRole("link", { name: /recipients\.csv/ });
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const rows = (await readFile(await download.path(), "utf8")).trimEnd().split("\r\n").slice(1);
    const those = (state) =>
      rows.map((row) => row.split(",")).filter((cells) => cells[2] === state).map(([address]) => address);
    const [delivered, unknown] = [those("sent"), those("may_have_arrived")];
    assert.deepEqual(those("skipped"), ["mina@example.com"]);
    assert.equal(delivered.length + unknown.length, 499, "and nothing else became of anybody");
    const mailed = (await mails(sandbox)).filter((address) => address !== "admin@example.com");
    assert.equal(new Set(mailed).size, mailed.length, "nobody got it twice");
    const missing = delivered.filter((address) => !mailed.includes(address));
    assert.deepEqual(missing, []);
    await openMailbox(page);
    await page.getByText(/^The newest 200 of \d+ are shown\.$/).waitFor({ state: "attached" });
  },
);

story(
  "a campaign in Korean: what the law wants is said before anything is sent",
  { locale: "ko-KR", colorScheme: "light", viewport: { width: 360, height: 760 }, test: { timeout: 120_000 } },
  async (page, sandbox) => {
    page.setDefaultTimeout(15_000);
    await becomeKorean(page, sandbox);
    await importPeople(page, await people(sandbox, 12, 1), "12명 가져오기", "가져왔어요");
    const image = await banner(page, sandbox, ["공부방", "봄 학기를 시작해요"]);
    const save = async (subject) => {
      await type(page, `/template save name:봄 subject:${subject}`);
      await attach(page, { body: path.join(MAILS, "spring.ko.html"), image1: image });
    };
    await save("봄 학기 안내");
    await message(page, "봄 템플릿을 저장했어요").waitFor();
    await run(page, "/campaign create name:봄소식 template:봄");
    await message(page, "봄소식 캠페인을 만들었어요").getByText("광고로 다뤄요").waitFor();
    await run(page, "/campaign send name:봄소식");
    await message(page, "(광고)로 시작해야 해요").waitFor();
    await picture(page, "campaign-korean-refused");

    await save("(광고) {{ name }} 님, 봄 학기를 시작해요");
    await message(page, "봄 템플릿을 새 내용으로 바꿨어요").waitFor();
    await run(page, "/campaign send name:봄소식");
    const shown = message(page, "봄소식 캠페인이 준비됐어요");
    await shown.getByRole("button", { name: "모두에게 보내기" }).waitFor();
    // It is taller than the view, and begins where one reads first.
    const [top, taller] = await shown.evaluate((node) => {
      const view = document.querySelector("#scroller").getBoundingClientRect();
      const { top, height } = node.getBoundingClientRect();
      return [top - view.top, height - view.height];
    });
    assert.ok(taller > 0, `${taller}`);
    assert.ok(top >= -1 && top < 60, `${top}`);
    await picture(page, "campaign-korean-send");
    await shown.getByRole("button", { name: "모두에게 보내기" }).click();
    await message(page, "봄소식 캠페인을 다 보냈어요").waitFor();
    await run(page, "/campaign report name:봄소식");
    await message(page, "결과예요").locator("img").first().waitFor();
    await picture(page, "campaign-korean-report");
    await page.getByRole("button", { name: "서버와 채널" }).click();
    await openMail(page, "mina@example.com");
    await picture(page, "campaign-korean-mail");
    await leave(await asked(page), "campaign-korean-unsubscribe");
  },
);
