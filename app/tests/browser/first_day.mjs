// The first day of a clinic: the guide, a place, and patients out of an earlier system's file.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, ready, type } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

// Repeatable against one installation: every run brings its own people and place.
const run = Date.now().toString().slice(-7);
let browser, admin;
before(async () => {
  browser = await launch();
  admin = await person(browser);
  await signIn(admin.page, "admin");
});
after(() => browser.close());

test("the guide shows what is there", async () => {
  const { page } = admin;
  await page.goto(`${base}/guide`);
  await ready(page);
  await inspect(page);
  assert.match(await page.locator("main").innerText(), /済み[\s\S]*患者/);
});

test("a place is added and retired", async () => {
  const { page } = admin;
  await page.goto(`${base}/places`);
  await ready(page);
  await type(page, page.locator("#name"), `処置室${run}`);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await page.getByRole("button", { name: `使わない 処置室${run}` }).click();
  await page.getByRole("button", { name: `また使う 処置室${run}` }).waitFor();
  await inspect(page);
});

test("a file is looked at, its bad line explained, and its patients registered in the background", async () => {
  const { page } = admin;
  await page.goto(`${base}/patient-imports`);
  await ready(page);
  const lines = ["患者番号,氏名,フリガナ,性別,生年月日", `X${run}1,移行 𠮷子,イコウ ヨシコ,女,S34.2.11`, `X${run}2,移行 太郎,移行 タロウ,男,R34.2.11`];
  await page.locator("#file").setInputFiles({ name: "患者.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\r\n")) });
  await press(page, "Control+Enter", /patient-imports\/./);
  await inspect(page);
  const shown = await page.locator("main").innerText();
  assert.match(shown, /取り込める 1名・取り込めない 1行/);
  assert.match(shown, /カナに漢字「移」/);
  assert.match(shown, /S34\.2\.11 ですか/);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await page.getByText("取込済").waitFor({ timeout: 30_000 });
  await inspect(page);
  await page.goto(`${base}/patients`);
  await ready(page);
  await page.keyboard.insertText(`X${run}1`);
  await page.locator("#results", { hasText: "移行 𠮷子" }).waitFor();
});

test("the first day left no complaint in any console", () => assert.deepEqual(admin.complaints, []));
