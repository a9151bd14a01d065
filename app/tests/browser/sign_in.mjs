// Doors: nobody in without a sign-in, the first day of a new person, a passkey instead of a code.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, ready, tabTo, type } from "./lib/keyboard.mjs";
import { CLINIC, base, giveCode, launch, person, signIn } from "./lib/product.mjs";

const FIRST_PASSWORD = "Hajimete-2026!";
const OWN_PASSWORD = "つむぎ の そら 7色の糸";
let browser;

before(async () => (browser = await launch()));
after(() => browser.close());

test("without a sign-in every address leads to the sign-in and back", async () => {
  const { context, page } = await person(browser);
  for (const path of ["/board", "/patients", "/audit", "/patients/01900000-0000-7000-8000-000000000001"]) {
    await page.goto(base + path);
    assert.equal(new URL(page.url()).pathname, "/login", path);
  }
  await page.goto(`${base}/masters`);
  await signIn(page, "labtech");
  assert.equal(new URL(page.url()).pathname, "/masters");
  await context.close();
});

test("a wrong password and an unknown person are told the same", async () => {
  const { context, page } = await person(browser);
  const told = [];
  for (const user of ["pharmacist", "nobody-here"]) {
    await page.goto(`${base}/login`);
    await type(page, page.getByLabel("医療機関ID"), CLINIC);
    await type(page, page.getByLabel("利用者ID"), user);
    await type(page, page.getByLabel("パスワード"), "Chigau-password-1");
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
    told.push(await page.getByRole("alert").first().innerText());
    await inspect(page);
  }
  assert.equal(told[0], told[1]);
  await context.close();
});

test("the first sign-in changes the password, enrols an authenticator and hands out recovery codes", async () => {
  const { context, page, complaints } = await person(browser);
  await page.goto(`${base}/login`);
  await type(page, page.getByLabel("医療機関ID"), "minato");
  await type(page, page.getByLabel("利用者ID"), "newcomer");
  await type(page, page.getByLabel("パスワード"), FIRST_PASSWORD);
  await press(page, "Enter", "**/login/password**");
  await inspect(page);
  await type(page, page.getByLabel("新しいパスワード"), OWN_PASSWORD);
  await type(page, page.getByLabel("もう一度"), OWN_PASSWORD);
  await press(page, "Enter", "**/login/enrolment**");
  await inspect(page);
  const secret = (await page.locator(".secret").innerText()).replace(/\s/g, "");
  await giveCode(page, page.getByRole("button", { name: "認証アプリを登録する" }), secret);
  await page.waitForURL("**/login/recovery-codes**");
  await inspect(page);
  const codes = await page.locator(".codes li").allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  await tabTo(page, page.getByRole("link", { name: "控えたので進む" }));
  await press(page, "Enter", "**/login/place**");
  await inspect(page);
  await tabTo(page, page.getByRole("button", { name: "入る" }));
  await press(page, "Enter", "**/board**");
  await leave(page);

  await type(page, page.getByLabel("医療機関ID"), "minato");
  await type(page, page.getByLabel("利用者ID"), "newcomer");
  await type(page, page.getByLabel("パスワード"), OWN_PASSWORD);
  await press(page, "Enter", "**/login/second-factor**");
  await inspect(page);
  await tabTo(page, page.getByRole("link", { name: "コードが使えないとき" }));
  await press(page, "Enter", "**method=recovery**");
  await inspect(page);
  await type(page, page.getByLabel("回復コード", { exact: false }).first(), codes[3]);
  await press(page, "Enter", "**/login/place**");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a passkey with the person verified is registered and signs in", async () => {
  const { context, page, complaints } = await person(browser);
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await signIn(page, "aide");
  await page.goto(`${base}/account`);
  await ready(page);
  await tabTo(page, page.getByRole("button", { name: "この端末のパスキーを足す" }));
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  assert.equal(await page.getByRole("button", { name: /^外す/ }).count(), 1);
  await inspect(page);
  await leave(page);
  await type(page, page.getByLabel("医療機関ID"), CLINIC);
  await type(page, page.getByLabel("利用者ID"), "aide");
  await tabTo(page, page.getByRole("button", { name: "パスキーで入る" }));
  await press(page, "Enter", "**/login/place**");
  await tabTo(page, page.getByRole("button", { name: "入る" }));
  await press(page, "Enter", "**/board**");
  assert.match(await page.locator(".app-header").innerText(), /綾瀬 望/);
  assert.deepEqual(complaints, []);
  await context.close();
});

const leave = async (page) => {
  await page.goto(`${base}/account`);
  await ready(page);
  await tabTo(page, page.getByRole("button", { name: "この端末をサインアウト" }));
  await press(page, "Enter", "**/login**");
};
