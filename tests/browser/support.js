// A sandbox of its own for each story, and a page that tolerates no error.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM =
  process.env.TIMEATTACK ??
  path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target"), "debug/timeattack");
export const PICTURES = path.join(process.env.CI_OUTPUT ?? path.join(ROOT, "target"), "screenshots");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Without the sandbox of its own, which a container's root may not make.
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
after(() => browser.close());

/** A test with a sandbox. `options` are the browser's; `test`: node's. */
export function story(name, options, tell) {
  const { test: patience, ...context } = options;
  test(name, { timeout: 90_000, ...patience }, async () => {
    const sandbox = await start();
    const opened = await browser.newContext({
      viewport: { width: 1360, height: 860 },
      locale: "en-US",
      colorScheme: "dark",
      ...context,
    });
    const page = await opened.newPage();
    page.setDefaultTimeout(8_000);
    const faults = watch(page, sandbox.url);
    try {
      await page.goto(sandbox.url);
      await page.locator("body[data-ready]").waitFor();
      await page.locator(".dot.up").waitFor({ state: "attached" });
      await tell(page, sandbox);
      assert.deepEqual(faults, []);
    } catch (error) {
      // What went wrong on the page is often why something did not come.
      error.message += faults.length ? `\n${faults.join("\n")}` : "";
      await picture(page, `failed: ${name}`).catch(() => {});
      throw error;
    } finally {
      await opened.close();
      await sandbox.stop();
    }
  });
}

/** Everything that must not happen, as it happens: errors, breaches of the policy, other places. */
function watch(page, url) {
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) faults.push(`request: ${request.url()}`);
  });
  page.on("console", (message) => {
    // A mail's script that the frame does not run is reported.
    const isKept = /^Blocked script execution in '[^']*\/local\/mail\//.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isKept) faults.push(`console: ${message.text()}`);
  });
  return faults;
}

async function start() {
  const data = await mkdtemp(path.join(tmpdir(), "timeattack-browser-"));
  const program = spawn(PROGRAM, ["sandbox", "--addr", "127.0.0.1:0", "--data", data], {
    cwd: data,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  program.stderr.on("data", (text) => {
    log += text;
  });
  const ended = new Promise((resolve) => {
    program.once("exit", resolve);
    program.once("error", resolve);
  });
  const url = await new Promise((resolve, reject) => {
    let told = "";
    program.stdout.on("data", (text) => {
      told += text;
      const found = /http:\/\/\S+/.exec(told);
      if (found) resolve(found[0]);
    });
    ended.then((code) => reject(new Error(`the sandbox ended (${code}):\n${log}`)));
  });
  const stop = async () => {
    program.kill("SIGTERM");
    const code = await ended;
    await rm(data, { recursive: true, force: true });
    assert.equal(code, 0, `the sandbox ended badly:\n${log.slice(-4000)}`);
  };
  return { url, data, stop };
}

/** Types into the message box as a person does, key by key. */
export async function type(page, text) {
  await page.locator("#line").click();
  await page.keyboard.type(text);
}

/** A command typed as a whole line and sent. */
export async function run(page, line) {
  await type(page, line);
  await page.keyboard.press("Enter");
}

export const messages = (page) => page.locator("#messages .message");
export const message = (page, text) => messages(page).filter({ hasText: text });

/** Becomes somebody else. */
export async function become(page, name) {
  await page.locator("#me").click();
  await page.getByRole("menuitemradio", { name: new RegExp(`Switch to ${name}|${name} 되기`) }).click();
  await page.locator("#me").filter({ hasText: name }).waitFor();
}

export async function picture(page, name) {
  await mkdir(PICTURES, { recursive: true });
  // What moves by itself would differ from one picture to the next.
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`), animations: "disabled" });
}

/** What a button of the page's clock is for: the time passes at once. */
export const forward = (page, span) =>
  page.getByRole("button", { name: `Turn forward ${span}`, exact: true }).click();
