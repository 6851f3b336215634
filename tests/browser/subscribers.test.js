// Subscribers: a file is read, shown, imported and got back.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { become, message, picture, run, story, type } from "./support.js";

story("subscribers are imported from a file after a look at what it does", {}, async (page, sandbox) => {
  const file = path.join(sandbox.data, "list.csv");
  await writeFile(
    file,
    "이메일,이름,도시\r\nmina@example.com,미나,서울\r\njamong@example.com,=자몽,부산\r\nnobody,x,\r\n",
  );
  await become(page, "Admin");
  await type(page, "/subscriber import file:");
  await page.locator('input[type="file"]').setInputFiles(file);
  await page.locator(".chip .pick").filter({ hasText: "list.csv" }).waitFor();
  await page.locator("#send").click();
  const preview = message(page, "This is what the file would do");
  await preview.getByText("line 4: not a valid email address").waitFor();
  await picture(page, "subscribers-preview");
  await preview.getByRole("button", { name: "Import 2" }).click();
  await message(page, "Imported: 2 new, 0 updated").waitFor();
  // Chosen, and then sent: there is no option to be filled in.
  await run(page, "/subscriber list");
  await page.keyboard.press("Enter");
  await message(page, "2 subscribers").getByText("jamong@example.com").waitFor();
  await run(page, "/subscriber show email:MINA@example.com");
  await message(page, "No consent to advertising").getByText("서울").waitFor();
  await run(page, "/subscriber add email:nobody name:X");
  await message(page, "isn't a valid email address. Write it like").waitFor();
  await run(page, "/subscriber export");
  await page.keyboard.press("Enter");
  const link = message(page, "every recorded consent and refusal").getByRole("link", { name: /subscribers\.csv/ });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const exported = await readFile(await download.path(), "utf8");
  assert.ok(exported.includes("'=자몽"), exported);
});
