// The running product as the journeys meet it: where it is, who signs in, and one browser for a file of journeys.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { chromium } from "playwright-core";
import { press, tabTo, type } from "./keyboard.mjs";

export const base = process.env.TSUMUGI_URL ?? "http://localhost:8080";
export const simulators = process.env.TSUMUGI_SIMULATORS_URL;
export const CLINIC = "ainosato";
export const PASSWORD = "Aizome-demo-2026!";
export const SECRET = "KRZXK3LVM5US2ZDFNVXS243FMNZGK5BB";

const STEP_MS = 30_000;

const bytesOf = (base32) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...base32].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
};

/** RFC 6238, as an authenticator app reckons it. */
export const totp = (secret, at = Date.now()) => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const mac = createHmac("sha1", bytesOf(secret)).update(counter).digest();
  const offset = mac[19] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

export const launch = () =>
  chromium.launch({
    executablePath: process.env.TSUMUGI_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

/** A person's own browser at a clinic's usual screen. Whatever the console complains about is kept and must be empty at the end. */
export const person = async (browser, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "ja-JP", timezoneId: "Asia/Tokyo", ...options });
  const complaints = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => complaints.push(`${page.url()} ${error.message}`));
    page.on("console", (message) => {
      if (!page.url().startsWith(base)) return;
      const expected = /status of (401|403|409|422)/.test(message.text());
      if ((message.type() === "error" && !expected) || /Content Security Policy/.test(message.text())) complaints.push(`${page.url()} ${message.text()}`);
    });
  });
  const page = await context.newPage();
  return { context, page, complaints };
};

/** Fills the three steps with the keyboard alone. A code already used is refused, so the next one is awaited. */
export const signIn = async (page, user, { password = PASSWORD, clinic = CLINIC } = {}) => {
  if (!page.url().includes("/login")) await page.goto(`${base}/login`);
  await type(page, page.getByLabel("医療機関ID"), clinic);
  await type(page, page.getByLabel("利用者ID"), user);
  await type(page, page.getByLabel("パスワード"), password);
  await press(page, "Enter", "**/login/second-factor**");
  await giveCode(page, page.getByRole("button", { name: "確かめる", exact: true }));
  await page.waitForURL("**/login/place**");
  await tabTo(page, page.getByRole("button", { name: "入る" }));
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
};

export const giveCode = async (page, button, secret = SECRET) => {
  const at = page.url();
  for (let tries = 0; ; tries += 1) {
    await type(page, page.getByLabel("6桁のコード"), totp(secret));
    await tabTo(page, button);
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
    if (page.url() !== at) return;
    assert.ok(tries < 2, `the code is refused: ${await page.locator("main").innerText()}`);
    await page.waitForTimeout(STEP_MS - (Date.now() % STEP_MS) + 200);
  }
};
