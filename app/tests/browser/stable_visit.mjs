// 安定再診1件 (workflows §8): from the board and back to it, S in one line, last time's drugs, 指導, the next booking and 確定, in at most
// 14 keys without the mouse, and in at most 10 clicks without the keyboard.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hands } from "./lib/hands.mjs";
import { quiet, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

// A clinic where nobody else is at work, and children who come regularly.
const clinic = "minato";
let browser, doctor;
const stable = [];

before(async () => {
  browser = await launch();
  doctor = await person(browser);
  await signIn(doctor.page, "doctor", { clinic });
});
after(() => browser.close());

const toBoard = async (page) => {
  await page.goto(`${base}/board`);
  await ready(page);
};
const charted = async (page) => {
  await page.waitForURL("**/encounters/*");
  await ready(page);
  await page.locator("#prescription #q").waitFor();
  await page.locator("#pane-next #ahead").waitFor();
  await page.locator("details#warnings").waitFor();
};
const repeated = async (page) => {
  await page.locator("#prescription .rx-row input.qty").first().waitFor();
  await quiet(page);
};
const booked = (page) => page.locator("#pane-next [role=status]", { hasText: "の予約です" }).waitFor();
/** The board again, with the visit at the counter. */
const finished = async (page, visit) => {
  await page.waitForURL("**/board**");
  await page.goto(`${base}/encounters/${visit}`);
  await ready(page);
  assert.match(await page.locator(".since").innerText(), /確定/, await page.locator("#today").innerText());
  await page.locator("#prescription", { hasText: "署名済" }).waitFor();
};

test("two patients who take the same drugs as last time are waiting", async () => {
  const { page } = doctor;
  await toBoard(page);
  const waiting = page.locator('tr[id^=visit-]:has(.state:text-is("診察待ち")) a[data-row]');
  const links = await waiting.evaluateAll((all) => all.map((a) => a.href));
  for (const href of links) {
    await page.goto(href);
    await charted(page);
    const isBlank = (await page.locator("#body-S").inputValue()) === "" && !(await page.locator("#prescription .rx-row").count());
    if (isBlank && (await page.locator("#prescription input[name=from]").count())) stable.push(new URL(href).pathname.split("/").pop());
    if (stable.length === 2) return;
  }
  assert.fail(`${stable.length} of ${links.length} who wait`);
});

test("安定再診1件 by keys alone", async (t) => {
  const { page } = doctor;
  await toBoard(page);
  await page.locator("#live-mode", { hasText: "自動更新中" }).waitFor();
  const hand = hands(page);
  const isThere = () => page.evaluate((id) => document.activeElement.closest("tr")?.id === `visit-${id}`, stable[0]);
  do await hand.key("ArrowDown");
  while (!(await isThere()) && hand.done.keys < 20);
  await hand.key("Enter");
  await charted(page);
  await hand.write("変わりない。"); // the cursor stands in S
  await hand.key("Alt+r");
  await page.waitForFunction(() => document.activeElement?.name === "from");
  await hand.key("Enter");
  await repeated(page);
  await hand.key("Alt+4");
  await hand.write("減塩と歩行を続けるよう指導した。");
  await hand.key("Alt+j");
  await hand.write("4w");
  await hand.key("Enter");
  await booked(page);
  await Promise.all([page.waitForEvent("load"), hand.key("Control+Enter")]);
  await ready(page);
  await hand.key("Alt+l");
  await finished(page, stable[0]);
  t.diagnostic(hand.within("安定再診1件", { keys: 14 }));
});

test("安定再診1件 by the mouse alone", async (t) => {
  const { page } = doctor;
  await toBoard(page);
  const hand = hands(page);
  await hand.click(page.locator(`#visit-${stable[1]} a[data-row]`));
  await charted(page);
  await hand.write("変わりない。");
  await hand.click(page.locator("#prescription summary", { hasText: "Do" }));
  await hand.click(page.getByRole("button", { name: "この処方を入れる" }));
  await repeated(page);
  await hand.click(page.locator("#body-P"));
  await hand.write("減塩と歩行を続けるよう指導した。");
  await hand.click(page.locator("#ahead"));
  await hand.write("4w");
  await hand.click(page.locator("#pane-next").getByRole("button", { name: /^取る/ }));
  await booked(page);
  await Promise.all([page.waitForEvent("load"), hand.click(page.getByRole("button", { name: /^確定して会計へ/ }))]);
  await ready(page);
  await hand.click(page.locator(".app-nav a", { hasText: "本日の受付" }));
  await finished(page, stable[1]);
  t.diagnostic(hand.within("安定再診1件", { clicks: 10 }));
});

test("nothing of it was complained about", () => assert.deepEqual(doctor.complaints, []));
