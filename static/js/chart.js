// The chart page: 前回引用, 定型文, the second window that follows, and leaving with every text on the server.
import { flushAll } from "./autosave.js";
import { isComposing } from "./dom.js";

// Puts what the last visit said into the section, after what is already there.
export const startQuotes = (root) => {
  for (const button of root.querySelectorAll("[data-quote]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.hidden = false;
    button.addEventListener("click", () => {
      const area = document.getElementById(button.dataset.quoteTo) ?? button.closest("[data-autosave]")?.querySelector("textarea");
      if (!area || area.readOnly) return;
      const before = area.value && !area.value.endsWith("\n") ? "\n" : "";
      area.focus();
      area.setRangeText(`${before}${button.dataset.quote}`, area.value.length, area.value.length, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
};

// 定型文: 「;ht」 and a space become the text kept under `ht`. Never while a word is being converted.
const startSnippets = async () => {
  const answer = await fetch("/snippets", { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const { snippets } = await answer.json();
  document.addEventListener("input", (event) => {
    const area = event.target;
    if (!area.matches?.("[data-autosave] textarea") || isComposing(event)) return;
    const typed = /[;；]([0-9a-z]{1,12})[ \u3000]$/.exec(area.value.slice(0, area.selectionStart));
    const body = typed && snippets[typed[1]];
    if (!body) return;
    area.setRangeText(body, area.selectionStart - typed[0].length, area.selectionStart, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
};

// 過去カルテ: the chart says which patient is open; the second window of the same person goes there. Ids only.
const startFollowing = () => {
  const { lead, follow, draftScope } = document.body.dataset;
  const channel = new BroadcastChannel(`tsumugi.patient/${draftScope}`);
  if (lead) {
    const say = () => document.visibilityState === "visible" && channel.postMessage(lead);
    document.addEventListener("visibilitychange", say);
    window.addEventListener("focus", say);
    return say();
  }
  channel.addEventListener("message", ({ data }) => {
    if (/^[0-9a-f-]{36}$/.test(data) && data !== follow) location.assign(`/patients/${data}/chart?follow=1`);
  });
};

export const startChart = () => {
  startFollowing();
  if (document.querySelector("[data-autosave] textarea:not([readonly])")) startSnippets();
  document.addEventListener("click", async (event) => {
    const filter = event.target.closest?.("[data-filter] a");
    if (filter) {
      for (const other of filter.parentElement.children) other.removeAttribute("aria-current");
      filter.setAttribute("aria-current", "true");
    }
    const link = event.target.closest?.("a[data-after-save-link]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (await flushAll()) location.assign(link.href);
    else document.querySelector(".sec .save:is([data-save=unsent], [data-save=conflict], [data-save=refused])")?.scrollIntoView({ block: "center" });
  });
};
