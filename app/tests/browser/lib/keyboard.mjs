// Hands on the keyboard only: nothing here clicks, and nothing is focused but by the keys a person has.

const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);

/** Tab, as often as it takes. A page where that is more than `most` presses away is not usable by keyboard. */
export const tabTo = async (page, locator, { most = 90, key = "Tab" } = {}) => {
  await locator.waitFor({ state: "attached" });
  for (let presses = 0; presses <= most; presses += 1) {
    if (await isFocused(locator)) return presses;
    await page.keyboard.press(key);
  }
  throw new Error(`not reached with ${most} presses of ${key}: ${locator}`);
};

/** Goes to a field and replaces what is in it. */
export const type = async (page, locator, text) => {
  await tabTo(page, locator);
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
};

/** One key, and the page it leads to. */
export const press = async (page, key, url) => {
  await Promise.all([page.waitForURL(url), page.keyboard.press(key)]);
  await ready(page);
};

/** Everything asked for has come. The network itself is never quiet: a live page keeps its stream open. */
export const quiet = async (page) => {
  const settled = () => document.readyState === "complete" && !document.querySelector(".htmx-request");
  for (let times = 0; times < 2; times += 1) {
    await page.waitForFunction(settled);
    await page.waitForTimeout(150);
  }
};

/** The page's own keys answer. */
export const ready = async (page) => {
  await page.waitForFunction(() => document.documentElement?.dataset.script === "on");
  await quiet(page);
};
