// Hands that are counted: pointer clicks and keys that write no text (workflows §8).
import assert from "node:assert/strict";

/** What one person does on one page until `within` compares it with the budget of the task. */
export const hands = (page) => {
  const done = { clicks: 0, keys: 0 };
  const began = Date.now();
  return {
    done,
    key: async (...names) => {
      for (const name of names) {
        done.keys += 1;
        await page.keyboard.press(name);
      }
    },
    click: async (locator) => {
      done.clicks += 1;
      await locator.click();
    },
    /** Letters are not counted. */
    write: (text) => page.keyboard.insertText(text),
    within: (task, most) => {
      const said = `${task}: ${done.clicks} clicks, ${done.keys} keys, ${((Date.now() - began) / 1000).toFixed(1)} s`;
      assert.ok(done.clicks <= (most.clicks ?? 0) && done.keys <= (most.keys ?? 0), `${said}; allowed are ${JSON.stringify(most)}`);
      return said;
    },
  };
};
