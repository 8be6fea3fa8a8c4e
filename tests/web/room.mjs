// What the tests of the page share: the program as a server, a browser, and what is looked for on every page.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import assert from "node:assert/strict";

const modules = createRequire(path.join(path.resolve(process.env.WEB_MODULES), "room.cjs"));
const { chromium } = modules("playwright-core");
const axe = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");

export const program = path.resolve(process.env.FILIGRANE ?? "target/debug/filigrane");
export const fixtures = path.resolve(process.env.WEB_FIXTURES ?? "target/web/fixtures");
const shots = path.resolve(process.env.WEB_SHOTS ?? "target/web/screenshots");
mkdirSync(shots, { recursive: true });

// Without a detector, whose answer the videos of these tests do not depend on.
const environment = (home) => ({ ...process.env, FILIGRANE_HOME: home, FILIGRANE_DETECTORS: "none" });

export const fixture = (name) => path.join(fixtures, `${name}.mp4`);

// `filigrane serve` on a port of its own.
export async function serve(home, options = []) {
  const child = spawn(program, ["serve", "--json", "--quiet", "--listen", "127.0.0.1:0", ...options], {
    env: environment(home),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  const address = await new Promise((done, fail) => {
    child.once("exit", (code) => fail(new Error(`the server ended with ${code}`)));
    child.stdout.on("data", (piece) => {
      text += piece;
      try { done(JSON.parse(text).listening); } catch { /* not whole yet */ }
    });
  });
  child.removeAllListeners("exit");
  const end = () => new Promise((done) => { child.once("exit", done); child.kill("SIGTERM"); });
  return { address, end };
}

export function run(home, ...options) {
  return new Promise((done, fail) => {
    const child = spawn(program, options, { env: environment(home), stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (piece) => { text += piece; });
    child.once("exit", (code) => (code === 0 ? done(text) : fail(new Error(`exit ${code}: ${text}`))));
  });
}

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });

// A page that fails the test when it loads anything from elsewhere, writes an error, or runs what a file brought along.
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en", ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const expected = /status of (401|403|404|429)|ERR_UNKNOWN_URL_SCHEME|net::ERR_ABORTED/.test(message.text());
    if (message.type() === "error" && !expected) page.faults.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => { page.faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:")) page.faults.push(`request: ${request.url()}`);
  });
  return page;
}

export const found = [];

// Nothing serious by axe-core, no sideways scrolling, no faults; and a picture for people.
export async function inspect(page, name) {
  await page.evaluate(axe);
  const result = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const serious = result.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  found.push({ name, passes: result.passes.length, violations: result.violations.map((one) => `${one.id} (${one.impact})`) });
  const told = serious.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
  assert.deepEqual(told, [], `${name}: axe-core`);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wider <= 1, `${name}: the page is ${wider} pixels wider than the window`);
  // What juts out on the left makes a page no wider.
  const cut = await page.locator("button:visible").evaluateAll((all) =>
    all.filter((one) => one.getBoundingClientRect().left < 0).map((one) => one.textContent));
  assert.deepEqual(cut, [], `${name}: buttons cut off`);
  assert.deepEqual(page.faults, [], name);
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

// The same page in the dark and on a phone, each looked at and kept as a picture.
export async function inspectEverywhere(page, name) {
  await inspect(page, name);
  const window = page.viewportSize();
  await page.emulateMedia({ colorScheme: "dark" });
  await inspect(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 360, height: 740 });
  await inspect(page, `${name}-phone`);
  await page.setViewportSize(window);
}

// Sends a video as somebody does who picks a file; ends on the page with the answer.
export async function check(page, address, file) {
  await page.goto(`${address}/`);
  await page.setInputFiles("#video", file);
  await settled(page);
}

export async function settled(page) {
  await page.waitForURL(/\/clips\/[0-9a-f-]{36}/, { timeout: 120_000 });
  await page.waitForSelector("#verdict, #stopped-title, #stamped-title", { timeout: 180_000 });
}
