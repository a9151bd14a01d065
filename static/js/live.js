// 自動更新: hears from /live which visits changed and asks for them; every ten seconds while the stream or Redis is away.
// The tabs of one browser share one stream: whoever holds the lock reads it and tells the others.
const POLL_MS = 10_000;
const SILENT_MS = 20_000;
const RETRY_MAX_MS = 30_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Each frame's event and data, until the stream ends.
const frames = async function* (response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const silence = AbortSignal.timeout(SILENT_MS);
    const quiet = new Promise((_, fail) => silence.addEventListener("abort", () => fail(new Error("silence"))));
    const { done, value } = await Promise.race([reader.read(), quiet]);
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const field = (name) => part.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1] ?? "";
      if (field("event")) yield { event: field("event"), data: field("data") };
    }
  }
};

// One life of the stream; true when the session is over and there is nothing to come back for.
const readOnce = async (tell) => {
  const response = await fetch("/live", { headers: { Accept: "text/event-stream", "X-Background": "1" } });
  if (response.redirected || response.status === 401) return true;
  if (!response.ok) return false;
  for await (const frame of frames(response)) {
    if (frame.event === "bye") return true;
    tell(frame);
  }
  return false;
};

const lead = async (tell) => {
  for (let tries = 0; ; tries += 1) {
    const began = Date.now();
    if (await readOnce(tell).catch(() => false)) return tell({ event: "bye" });
    tell({ event: "away" });
    if (Date.now() - began > RETRY_MAX_MS) tries = 0;
    // Many boards must not come back in the same second.
    await pause(Math.min(RETRY_MAX_MS, 1000 * 2 ** tries) * (0.5 + Math.random()));
  }
};

/** `changed(ids)` asks for these visits (or another `kind`), for everything without ids; `mode(isLive)` says how the page is kept up to date. */
export const startLive = (changed, mode, kind = "visit") => {
  let isLive = false;
  let isOver = false;
  const hear = ({ event, data }) => {
    if (event === kind) return changed([data]);
    if (event === "visit" || event === "inquiry") return;
    if (event === "board") return changed();
    if (event === "bye") isOver = true;
    const was = isLive;
    isLive = event === "back";
    if (isLive !== was) mode(isLive);
    if (isLive && !was) changed();
  };
  setInterval(() => !isLive && !isOver && !document.hidden && changed(), POLL_MS);
  document.addEventListener("visibilitychange", () => !document.hidden && !isLive && !isOver && changed());
  if (!navigator.locks || !globalThis.BroadcastChannel) return lead(hear);
  const tabs = new BroadcastChannel("tsumugi.live");
  let leads = false;
  tabs.addEventListener("message", ({ data: frame }) => {
    if (frame.event === "who") return leads && tabs.postMessage({ event: isLive ? "back" : "away" });
    hear(frame);
  });
  tabs.postMessage({ event: "who" });
  navigator.locks.request("tsumugi.live", () => {
    leads = true;
    return lead((frame) => (hear(frame), tabs.postMessage(frame)));
  });
};
