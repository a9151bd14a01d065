// 自分のキー (R7): a doctor puts another key in the place of Alt+B; pages, key sheet and footers follow, the old key is free.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, ready, tabTo } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

let browser, doctor, chart;

before(async () => {
  browser = await launch();
  doctor = await person(browser);
  await signIn(doctor.page, "director", { clinic: "minato" });
  await doctor.page.goto(`${base}/board?state=all`);
  chart = await doctor.page.locator("tr[id^=visit-] a[data-row]").first().getAttribute("href");
});
after(() => browser.close());

const open = async (path) => {
  await doctor.page.goto(base + path);
  await ready(doctor.page);
};
const field = (declared) => doctor.page.locator(`input[name="${declared}"]`);
const focused = () => doctor.page.evaluate(() => document.activeElement?.id ?? "");

test("a key is changed by pressing it, and one the browser keeps is refused", async () => {
  const { page } = doctor;
  await open("/account/keys");
  await inspect(page);
  await tabTo(page, field("Alt+N"));
  await page.keyboard.press("Alt+w");
  assert.equal(await field("Alt+N").inputValue(), "Alt+W");
  await page.keyboard.press("Tab");
  assert.notEqual(await focused(), await field("Alt+N").getAttribute("id"), "Tab goes on as ever");
  await field("Alt+L").fill("Ctrl+W");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await ready(page);
  assert.match(await page.locator("#error-summary").innerText(), /Ctrl\+W はブラウザ/);
  assert.equal(await field("Alt+N").inputValue(), "Alt+W", "what was typed stays");
  await inspect(page);
  await field("Alt+L").fill("Alt+L");
  await press(page, "Control+Enter", "**/account/keys?saved=1");
});

test("the pages, the key sheet and the palette follow", async () => {
  const { page } = doctor;
  await open("/board");
  await page.locator("#main").focus();
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "この画面のキー" });
  assert.match(await sheet.innerText(), /Alt\+L/);
  await page.keyboard.press("Escape");
  await open(chart);
  const hint = page.locator(".actions .keys a", { hasText: "次の患者" }).locator("kbd");
  await page.waitForFunction(() => [...document.querySelectorAll(".actions kbd")].some((kbd) => kbd.textContent === "Alt+W"));
  assert.equal(await hint.innerText(), "Alt+W");
  const at = page.url();
  await page.keyboard.press("Alt+n");
  await page.waitForTimeout(400);
  assert.equal(page.url(), at, "the old key is free");
  await page.evaluate(() => document.dispatchEvent(new KeyboardEvent("keydown", { key: "w", code: "KeyW", altKey: true, isComposing: true, bubbles: true })));
  await page.waitForTimeout(400);
  assert.equal(page.url(), at, "a key of a conversion is the converter's");
  await Promise.all([page.waitForURL((url) => url.href !== at), page.keyboard.press("Alt+w")]);
});

test("everything goes back to the usual keys", async () => {
  const { page } = doctor;
  await open("/account/keys");
  await Promise.all([page.waitForURL("**/account/keys?saved=1"), page.getByRole("button", { name: "すべていつものキーに戻す" }).click()]);
  await ready(page);
  assert.equal(await field("Alt+N").inputValue(), "Alt+N");
});

test("no complaint in the console", () => assert.deepEqual(doctor.complaints, []));
