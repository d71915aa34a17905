// Saves steps, and is never needed: keys, marks at what was changed, live counts.
"use strict";

const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
const one = (selector, from = document) => from.querySelector(selector);

// The reader's zone, for the times on the next page.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`zone=${encodeURIComponent(zone)}`)) {
  document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
}

// What differs from what is stored is marked as it is typed.
for (const field of all(".field")) {
  const input = one("input, select, textarea", field);
  const mark = () => field.classList.toggle("changed", input.value !== field.dataset.original);
  input.addEventListener("input", mark);
  mark();
}

// What nobody has chosen cannot be decided about.
const chosen = one("[data-chosen]");
if (chosen) {
  const show = () => { chosen.hidden = !one("[data-choose]:checked"); };
  document.addEventListener("change", show);
  show();
}

// Nothing is sent twice.
for (const form of all("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => all("form[data-sent]").forEach((it) => delete it.dataset.sent));

// A decision about many is looked at until it is done.
if (["waiting", "running"].includes(one("[data-bulk]")?.dataset.bulk)) {
  setTimeout(() => location.reload(), 1000);
}

// Counts are live; the page itself stays as it is while one reads.
const news = one("[data-news]");
if (one("[data-count], .top nav") && "EventSource" in window) {
  let waiting = null;
  const look = async () => {
    waiting = null;
    const answer = await fetch("/counts", { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const counts = await answer.json();
    const place = one("[data-count=open]");
    const before = place?.textContent ?? "";
    const after = counts.open ? counts.open.toLocaleString("en-US") : "";
    if (place) place.textContent = after;
    if (news && before !== after) news.hidden = false;
  };
  const events = new EventSource("/events");
  events.onmessage = () => { waiting ??= setTimeout(look, 500); };
  window.addEventListener("pagehide", () => events.close());
}
news?.addEventListener("click", () => location.reload());

// Keys.
const rows = () => all("[data-rows] > .row");
let at = -1;
const move = (by) => {
  const list = rows();
  if (!list.length) return;
  list[at]?.classList.remove("at");
  at = Math.max(0, Math.min(list.length - 1, at + by));
  list[at].classList.add("at");
  list[at].scrollIntoView({ block: "nearest" });
  one("[data-open]", list[at])?.focus({ preventScroll: true });
};
const open = (name) => {
  const way = one(`[data-way=${name}]`);
  if (!way) return false;
  way.open = true;
  way.scrollIntoView({ block: "center" });
  one("input:not([type=hidden]), select, textarea, button", way)?.focus();
  return true;
};
const keys = one("#keys");
const button = one("[data-keys]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());
}
const actions = {
  "?": () => keys?.showModal(),
  "/": () => one("[data-search]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => one("[data-choose]", rows()[at] ?? document)?.click(),
  e: () => one("#mend .field input, #mend .field textarea, #mend .field select")?.focus(),
  r: () => one("[data-key=r]")?.focus(),
  a: () => one("[data-key=a]")?.focus() ?? open("assign"),
  s: () => open("snooze"),
};
const places = { i: "/inbox", r: "/runs", w: "/workflows", c: "/connections", n: "/insights" };
let going = false;
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || keys?.open) return;
  if (going && places[event.key]) {
    location.href = places[event.key];
  } else if (event.key === "g") {
    going = true;
    setTimeout(() => { going = false; }, 1000);
    return;
  } else if (actions[event.key]) {
    event.preventDefault();
    actions[event.key]();
  }
  going = false;
});
