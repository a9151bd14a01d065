// The rows of workflows §8 by the other hand: what the other journeys do by keys is done here by the mouse, and a new patient with a
// card by keys. Clicks are counted and fail beyond their budget.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hands } from "./lib/hands.mjs";
import { quiet, ready, tabTo } from "./lib/keyboard.mjs";
import { base, launch, person, signIn, simulators } from "./lib/product.mjs";
import { receive } from "./lib/visits.mjs";

const clinic = "minato";
let browser, doctor, clerk, visit;

before(async () => {
  browser = await launch();
  [doctor, clerk] = await Promise.all([person(browser), person(browser)]);
  clerk.page.on("filechooser", () => {}); // has the browser hand the choice to us from the start
  await Promise.all([signIn(doctor.page, "director", { clinic }), signIn(clerk.page, "clerk", { clinic })]);
});
after(() => browser.close());

const posted = (page, act) => Promise.all([page.waitForResponse((r) => r.request().method() === "POST" && r.status() < 400), act()]).then(() => quiet(page));
const open = async (page, id) => {
  await page.goto(`${base}/encounters/${id}`);
  await ready(page);
  await page.locator("#prescription #q").waitFor();
  await page.locator("#orders #order_q").waitFor();
  await page.locator("#pane-next #ahead").waitFor();
  await page.locator("#dx-q").waitFor();
  await page.locator("details#warnings").waitFor();
};
const rx = (page) => page.locator("#prescription .rx-row input.qty");

test("飛込み再診の受付 by three clicks", async (t) => {
  const { page } = clerk;
  await page.goto(`${base}/board`);
  await ready(page);
  const hand = hands(page);
  await hand.click(page.getByRole("link", { name: /^飛込み受付/ }));
  await page.waitForURL("**/patients?for=reception");
  await page.waitForFunction(() => document.activeElement.id === "q");
  await hand.write("000033");
  await hand.click(page.locator("#results tr", { hasText: "000033" }).locator("a[data-row]"));
  await page.waitForURL(/reception/);
  await Promise.all([page.waitForURL("**/board?*moved=*"), hand.click(page.getByRole("button", { name: /^受け付ける/ }))]);
  visit = new URL(page.url()).searchParams.get("moved");
  t.diagnostic(hand.within("飛込み再診の受付", { clicks: 3 }));
});

test("病名追加 by two clicks, 検査セット by two, 処方1剤 by five, 次回予約 by two, 日数合わせ by one", async (t) => {
  const { page } = doctor;
  await open(page, visit);
  const named = await page.locator("#pane-conditions .dx-name").count();
  let hand = hands(page);
  await hand.click(page.locator("#dx-q"));
  await hand.write("みほんふみん");
  await page.locator("#dx-picks .pick-btn", { hasText: "見本不眠症" }).first().waitFor();
  await posted(page, () => hand.click(page.locator("#dx-picks .pick-btn").first()));
  assert.equal(await page.locator("#pane-conditions .dx-name").count(), named + 1);
  t.diagnostic(hand.within("病名追加", { clicks: 2 }));

  hand = hands(page);
  await hand.click(page.locator("#orders summary", { hasText: "セット" }));
  await posted(page, () => hand.click(page.getByRole("button", { name: /^このセットを入れる/ })));
  await page.locator("#orders .rx-row").first().waitFor();
  t.diagnostic(hand.within("検査セット発行", { clicks: 2 }));

  hand = hands(page);
  await hand.click(page.locator("#prescription #q"));
  await hand.write("みほんみゅ 3t 5");
  await page.locator("#drug-options input:checked").waitFor();
  await posted(page, () => hand.click(page.locator("#prescription .rx-add button", { hasText: "足す" })));
  await rx(page).first().waitFor();
  t.diagnostic(hand.within("処方1剤追加", { clicks: 5 }));

  hand = hands(page);
  await hand.click(page.locator("#ahead"));
  await hand.write("2w");
  await posted(page, () => hand.click(page.locator("#pane-next").getByRole("button", { name: /^取る/ })));
  await page.locator("#pane-next [role=status]", { hasText: "の予約です" }).waitFor();
  t.diagnostic(hand.within("次回予約", { clicks: 2 }));

  await open(page, visit);
  hand = hands(page);
  await posted(page, () => hand.click(page.getByRole("button", { name: /^次回に合わせる/ })));
  assert.match(await page.locator("#prescription").innerText(), /予約に一致/);
  t.diagnostic(hand.within("日数を次回予約に合わせる", { clicks: 1 }));
});

test("Do処方 to the signed note by three clicks, and the next patient by one", async (t) => {
  const { page } = doctor;
  let again = null;
  for (const number of ["000041", "000042", "000043", "000044", "000045"]) {
    again = await receive(clerk.page, number);
    await open(page, again);
    if (await page.locator("#prescription input[name=from]").count()) break;
  }
  await page.locator("#body-S").fill("変わりない。");
  await page.waitForFunction(() => document.querySelector("#sec-S .save")?.textContent.includes("保存済"), null, { timeout: 15_000 });
  let hand = hands(page);
  await hand.click(page.locator("#prescription summary", { hasText: "Do" }));
  await posted(page, () => hand.click(page.getByRole("button", { name: /^この処方を入れる/ })));
  const asked = page.locator("#warnings .alert[data-level=reason]:not([data-done]) button[name=reason]");
  while (await asked.count()) await posted(page, () => asked.first().click()); // what the rules ask is not part of the budget
  await Promise.all([page.waitForEvent("load"), hand.click(page.getByRole("button", { name: /^確定して会計へ/ }))]);
  await ready(page);
  assert.match(await page.locator(".since").innerText(), /確定/);
  t.diagnostic(hand.within("Do処方", { clicks: 3 }));

  hand = hands(page);
  const at = page.url();
  await Promise.all([page.waitForURL((url) => url.href !== at), hand.click(page.getByRole("link", { name: /次の患者/ }))]);
  t.diagnostic(hand.within("次の患者のカルテを開く", { clicks: 1 }));
});

test("新患登録+保険 from a card by ten keys and six clicks", async (t) => {
  for (const [who, by] of [["hanako", "keys"], ["taro", "clicks"]]) {
    const { page } = clerk;
    const card = await page.request.get(`${simulators}/reader/face-result?person=${who}&scenario=valid`);
    const file = { name: "OQSsiquc01res_face_1.xml", mimeType: "text/xml", buffer: await card.body() };
    await page.goto(`${base}/board`);
    await ready(page);
    const hand = hands(page);
    if (by === "keys") {
      await hand.key("r");
      await page.waitForURL("**/reception/reader-results");
      await ready(page);
      hand.done.keys += await tabTo(page, page.locator("#file"));
      const [chooser] = await Promise.all([page.waitForEvent("filechooser"), hand.key("Enter")]);
      await chooser.setFiles(file);
      await Promise.all([page.waitForURL(/reader-results\/./), hand.key("Control+Enter")]);
      await ready(page);
      await Promise.all([page.waitForURL("**/board**"), hand.key("Control+Enter")]);
      t.diagnostic(hand.within("新患登録+保険", { keys: 10 }));
    } else {
      await hand.click(page.locator('main a[href="/reception/reader-results"]').first());
      await page.waitForURL("**/reception/reader-results");
      await ready(page);
      const [chooser] = await Promise.all([page.waitForEvent("filechooser"), hand.click(page.locator("#file"))]);
      await chooser.setFiles(file);
      await Promise.all([page.waitForURL(/reader-results\/./), hand.click(page.getByRole("button", { name: /取り込む/ }))]);
      await Promise.all([page.waitForURL("**/board**"), hand.click(page.getByRole("button", { name: /受け付ける/ }))]);
      t.diagnostic(hand.within("新患登録+保険", { clicks: 6 }));
    }
  }
});

test("nothing was complained about", () => assert.deepEqual([...doctor.complaints, ...clerk.complaints], []));
