// Somebody to treat: a known patient received and brought to 診察待ち by the desk. Preparation only, so nothing is counted.
import { ready } from "./keyboard.mjs";
import { base } from "./product.mjs";

/** The id of the new visit of the patient with this number. */
export const receive = async (page, number) => {
  await page.goto(`${base}/patients`);
  await ready(page);
  await page.locator("#q").fill(number);
  const found = page.locator("#results tr", { hasText: number }).locator("a[data-row]");
  await found.waitFor();
  const patient = (await found.getAttribute("href")).match(/[0-9a-f-]{36}/)[0];
  await page.goto(`${base}/patients/${patient}/reception`);
  if (await page.locator("#again").count()) await page.locator("#again").check();
  await Promise.all([page.waitForURL("**/board?*moved=*"), page.getByRole("button", { name: /^受け付ける/ }).click()]);
  const visit = new URL(page.url()).searchParams.get("moved");
  await page.goto(`${base}/encounters/${visit}/moves`);
  await Promise.all([page.waitForResponse((r) => r.url().endsWith("/status") && r.ok()), page.locator("button[name=to][value=waiting]").click()]);
  return visit;
};
