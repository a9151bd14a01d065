// 利用者切替 (workflows §8): on a terminal two people share, the other one takes the page over with one click, or with seven keys
// counting every digit of the PIN, within three seconds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hands } from "./lib/hands.mjs";
import { inspect } from "./lib/inspect.mjs";
import { ready } from "./lib/keyboard.mjs";
import { PASSWORD, base, launch, person, signIn } from "./lib/product.mjs";

const PINS = { doctor: "294738", nurse: "581694" };
const clinic = "tsukimi";
let browser, shared;

before(async () => {
  browser = await launch();
  shared = await person(browser);
});
after(() => browser.close());

const setPin = async (page, pin) => {
  await page.goto(`${base}/account`);
  await ready(page);
  await page.locator("#pin_password").fill(PASSWORD);
  await page.locator("#pin").fill(pin);
  await Promise.all([page.waitForURL("**/account?done=pin"), page.locator("form[action='/account/pin'] button").click()]);
};
const who = (page) => page.locator(".app-header .who").innerText();

test("two people work at one terminal, each with a PIN", async () => {
  const { page } = shared;
  await signIn(page, "doctor", { clinic });
  await setPin(page, PINS.doctor);
  await page.goto(`${base}/login`);
  await signIn(page, "nurse", { clinic });
  await setPin(page, PINS.nurse);
});

test("利用者切替 by keys: the page stays, the person is another", async (t) => {
  const { page } = shared;
  await page.goto(`${base}/patients`);
  await ready(page);
  const hand = hands(page);
  await hand.key("Alt+u");
  await page.waitForURL("**/session/switch**");
  await page.waitForFunction(() => document.activeElement?.id === "pin");
  await inspect(page);
  await hand.key(...PINS.doctor);
  await page.waitForURL("**/patients");
  assert.match(await who(page), /医師/);
  t.diagnostic(hand.within("利用者切替", { keys: 7 }));
});

test("利用者切替 by one click and the PIN", async (t) => {
  const { page } = shared;
  await ready(page);
  const hand = hands(page);
  await hand.click(page.locator(".app-header a", { hasText: "切替" }));
  await page.waitForURL("**/session/switch**");
  await page.waitForFunction(() => document.activeElement?.id === "pin");
  await page.keyboard.type(PINS.nurse);
  await page.waitForURL("**/patients");
  assert.match(await who(page), /看護師/);
  t.diagnostic(hand.within("利用者切替", { clicks: 1 }));
});

test("a wrong PIN changes nobody and says what to do", async () => {
  const { page } = shared;
  await page.goto(`${base}/session/switch?next=/patients`);
  await ready(page);
  await Promise.all([page.waitForEvent("load"), page.keyboard.type("999998")]);
  assert.match(await page.locator("main").innerText(), /PINが合いません/);
  await page.goto(`${base}/patients`);
  assert.match(await who(page), /看護師/);
});

test("no complaint in the console", () => assert.deepEqual(shared.complaints, []));
