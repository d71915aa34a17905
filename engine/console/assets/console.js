// Saves steps, and is never needed: keys, marks at what was changed, live counts.
"use strict";

const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
const one = (selector, from = document) => from.querySelector(selector);
// As the pages do it: what stands between backticks is code.
const marked = (text) => text.split("`").map((part, at) => {
  const drawn = document.createElement(at % 2 ? "code" : "span");
  drawn.textContent = part;
  return drawn;
});

// The reader's zone, for the times on the next page.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`zone=${encodeURIComponent(zone)}`)) {
  document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
}

// A file that is too large is not sent at all.
for (const input of all("input[type=file][data-most]")) {
  input.addEventListener("change", () => {
    const all = Array.from(input.files).reduce((sum, it) => sum + it.size, 0);
    input.setCustomValidity(all > Number(input.dataset.most) ? input.dataset.large : "");
    input.reportValidity();
  });
}

// What differs from what is stored is marked as it is typed.
for (const field of all(".field[data-original]")) {
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
// One stream for all that a page wants to know: a browser has few connections to one place.
const heard = [];
const news = one("[data-news]");
if (one("[data-count], .top nav") && "EventSource" in window) {
  let waiting = null;
  const look = async () => {
    waiting = null;
    const answer = await fetch("/counts", { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const counts = await answer.json();
    const shown = (name) => (counts[name] ? counts[name].toLocaleString("en-US") : "");
    const before = one("[data-count=open]")?.textContent ?? "";
    const after = shown("open");
    for (const place of all("[data-count]")) place.textContent = shown(place.dataset.count);
    if (news && before !== after) news.hidden = false;
  };
  const events = new EventSource("/events");
  events.onopen = () => heard.forEach((it) => it(null));
  events.onmessage = (event) => {
    waiting ??= setTimeout(look, 500);
    const { runs } = JSON.parse(event.data);
    heard.forEach((it) => it(runs));
  };
  window.addEventListener("pagehide", () => events.close());
}
news?.addEventListener("click", () => location.reload());

// A run that is at work is followed. What is new appears in its place, and what one reads stays where it is.
const follows = Number(one("[data-follow]")?.dataset.follow);
if (follows) {
  // Where one reads is kept below, not by the browser, which would lose what is replaced.
  document.documentElement.style.overflowAnchor = "none";
  const top = (it) => it.getBoundingClientRect().top;
  // Parts, and the items in them by their place, which is the same before and after.
  const keyed = () => {
    const found = new Map();
    for (const part of all("[data-part]")) {
      found.set(part.dataset.part, part);
      all("li", part).forEach((it, at) => found.set(`${part.dataset.part} ${at}`, it));
    }
    return found;
  };
  // Whoever writes or has chosen something in it is not disturbed.
  const isInUse = (part) => part.contains(document.activeElement) && !document.activeElement.matches("summary") || all("textarea, input:not([type=hidden])", part).some((it) => it.value)
    || part.contains(getSelection()?.anchorNode ?? null) && !getSelection().isCollapsed;
  // What is opened is known by its item: others may come before it.
  const way = (it, part) => {
    const item = it.closest("li");
    return `${item ? item.id || all("li", part).indexOf(item) : ""} ${all("details", item ?? part).indexOf(it)}`;
  };
  const replace = (old, now) => {
    const open = new Map(all("details", old).map((it) => [way(it, old), it]));
    const at = document.activeElement;
    old.replaceWith(now);
    for (const it of all("details", now)) {
      const before = open.get(way(it, now));
      if (!before) continue;
      it.open = before.open;
      if (at.parentElement === before) one("summary", it).focus({ preventScroll: true });
    }
  };
  const draw = (page) => {
    const anchor = [...keyed()].find(([, it]) => it.getClientRects().length > 0 && top(it) >= 0);
    const before = anchor && top(anchor[1]);
    for (const old of all("[data-part]")) {
      const now = one(`[data-part="${old.dataset.part}"]`, page);
      if (now && now.innerHTML !== old.innerHTML && !isInUse(old)) replace(old, document.adoptNode(now));
    }
    const after = anchor && keyed().get(anchor[0]);
    if (after && scrollY > 0) scrollBy(0, top(after) - before);
  };
  let asks = false;
  let again = false;
  const look = async () => {
    if (asks) { again = true; return; }
    asks = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.ok) draw(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } finally {
      asks = false;
    }
    if (again) { again = false; setTimeout(look, 500); }
  };
  // What is logged is no fact, and nobody tells of it.
  setInterval(() => { if (one("[data-works]") && !document.hidden) look(); }, 3000);
  // Null when it is not known, as when the stream begins: what has happened before is not told any more.
  heard.push((runs) => {
    if (one("[data-follow]") && (!runs || runs.includes(follows))) look();
  });
}

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

// A workflow is checked as it is typed. The text goes nowhere else before a button sends it.
const editor = one("[data-editor]");
if (editor) {
  const text = one("textarea", editor);
  const list = one("[data-findings]");
  const blank = one("template[data-finding]").content;
  const nothing = one("[data-nothing]");
  one("[data-editor-keys]").hidden = false;

  const go = (line) => {
    const lines = text.value.split("\n");
    const begin = lines.slice(0, line - 1).reduce((sum, it) => sum + it.length + 1, 0);
    text.focus();
    text.setSelectionRange(begin, begin + (lines[line - 1] ?? "").length);
    const height = parseFloat(getComputedStyle(text).lineHeight);
    text.scrollTop = Math.max(0, (line - 4) * height);
  };
  const drawn = (found) => {
    const item = blank.cloneNode(true);
    const kind = one("[data-kind]", item);
    kind.textContent = found.is_mistake ? kind.dataset.mistake : kind.dataset.warning;
    one("li", item).classList.toggle("mistake", found.is_mistake);
    const line = one("[data-to-line]", item);
    line.textContent = line.dataset.says.replace("#", found.line);
    line.addEventListener("click", () => go(found.line));
    one("[data-message]", item).append(...marked(found.message));
    if (found.hint) {
      one("[data-hint]", item).hidden = false;
      one("[data-hint-text]", item).append(...marked(found.hint));
    }
    return item;
  };

  const ask = (what, said) => fetch(`${editor.dataset.draft}/${what}${editor.dataset.within}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrf-token": one("[name=csrf]", editor).value },
    body: JSON.stringify(said),
  });
  let waiting = null;
  let asked = 0;
  const check = async () => {
    const mine = ++asked;
    const answer = await ask("check", { source: text.value });
    // Only the answer to what stands there now is shown.
    if (!answer.ok || mine !== asked) return;
    const { findings } = await answer.json();
    list.replaceChildren(...findings.map(drawn));
    nothing.hidden = findings.length > 0;
    one("#found").hidden = false;
    list.dataset.checked = text.value.length;
  };
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, 400);
  });
  check();

  // Tab indents, Enter keeps the indentation; after Esc, Tab leaves the text as everywhere.
  const write = (it, from = text.selectionStart, to = text.selectionEnd) => {
    text.setSelectionRange(from, to);
    // Only what is inserted so can be undone.
    if (document.execCommand("insertText", false, it)) return;
    text.setRangeText(it, from, to, "end");
    text.dispatchEvent(new Event("input"));
  };

  // What can stand where one writes. Ctrl+Space asks for it, and so does the beginning of a word;
  // then Tab takes the first, and Enter only what was gone to, for it mostly ends a line.
  const offers = one("[data-offers]");
  const names = one("[role=listbox]", offers);
  const about = one("[data-about]", offers);
  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-controls", names.id);
  let offered = null;
  let sought = 0;
  let typing = null;
  const close = () => {
    clearTimeout(typing);
    sought += 1;
    offered = null;
    offers.hidden = true;
    text.removeAttribute("aria-activedescendant");
  };
  const choose = (at) => {
    offered.at = at;
    for (const [nth, item] of all("[role=option]", names).entries()) {
      item.setAttribute("aria-selected", nth === at);
      if (nth === at) item.scrollIntoView({ block: "nearest" });
    }
    text.setAttribute("aria-activedescendant", `offer-${at}`);
    about.replaceChildren(...marked(offered.list[at].about ?? ""));
    place();
  };
  const take = (at) => {
    const { from, to, list } = offered;
    const characters = Array.from(text.value);
    const units = (end) => characters.slice(0, end).join("").length;
    close();
    write(list[at].text, units(from), units(to));
    text.focus();
  };
  const place = () => {
    const lines = text.value.slice(0, text.selectionStart).split("\n");
    const style = getComputedStyle(text);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    const left = text.offsetLeft + parseFloat(style.paddingLeft) - text.scrollLeft + pen.measureText(lines.at(-1)).width;
    const top = text.offsetTop + parseFloat(style.paddingTop) - text.scrollTop + lines.length * parseFloat(style.lineHeight);
    offers.style.left = `${Math.max(0, Math.min(left, text.offsetLeft + text.clientWidth - offers.offsetWidth))}px`;
    offers.style.top = `${top + 2}px`;
  };
  const offer = async (by_hand) => {
    const mine = ++sought;
    const source = text.value;
    const before = source.slice(0, text.selectionStart);
    const answer = await ask("completion", { source, at: Array.from(before).length });
    if (!answer.ok || mine !== sought || source !== text.value) return;
    const found = await answer.json();
    if (mine !== sought || source !== text.value) return;
    const list = found.offers;
    if (list.length === 0 && !by_hand) return close();
    offered = { ...found, list, at: -1 };
    names.replaceChildren(...list.map((it, nth) => {
      const item = document.createElement("li");
      item.id = `offer-${nth}`;
      item.role = "option";
      item.textContent = it.name;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(nth); });
      return item;
    }));
    about.textContent = list.length > 0 ? "" : offers.dataset.none;
    offers.hidden = false;
    if (by_hand && list.length > 0) choose(0);
    place();
  };
  text.addEventListener("input", () => {
    // What was offered was for another text.
    close();
    const before = text.value.slice(0, text.selectionStart);
    if (!/[\w-]$|\{\{[#(]?$|\{\{[^}]*\.$/.test(before)) return;
    typing = setTimeout(() => offer(false), 120);
  });
  for (const gone of ["blur", "scroll", "pointerdown"]) text.addEventListener(gone, close);
  // Whether the key was for what is offered.
  const offers_take = (event) => {
    if (event.key === " " && event.ctrlKey) {
      offer(true);
      return true;
    }
    // What is still to come comes no more, and Tab leaves the text.
    if (event.key === "Escape") close();
    if (!offered || offers.hidden) return false;
    const { list, at } = offered;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (steps[event.key] && list.length > 0) choose((Math.max(at, steps[event.key] < 0 ? 0 : -1) + steps[event.key] + list.length) % list.length);
    else if (event.key === "Tab" && !event.shiftKey && list.length > 0) take(Math.max(at, 0));
    else if (event.key === "Enter" && at >= 0) take(at);
    else {
      if (["Enter", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
      return false;
    }
    return true;
  };

  let leaves = false;
  text.addEventListener("keydown", (event) => {
    if (offers_take(event)) { event.preventDefault(); return; }
    if (event.key === "Escape") { leaves = true; return; }
    const { selectionStart: from, selectionEnd: to, value } = text;
    const begin = value.lastIndexOf("\n", from - 1) + 1;
    if (event.key === "Tab" && !leaves && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      if (event.shiftKey || value.slice(from, to).includes("\n")) {
        const lines = value.slice(begin, to).split("\n");
        const moved = lines.map((it) => event.shiftKey ? it.replace(/^ {1,2}/, "") : it && `  ${it}`);
        write(moved.join("\n"), begin, to);
        if (from !== to) text.setSelectionRange(begin, begin + moved.join("\n").length);
      } else {
        write("  ".slice((from - begin) % 2));
      }
    } else if (event.key === "Enter" && !event.isComposing && !event.ctrlKey) {
      event.preventDefault();
      const indent = value.slice(begin, from).match(/^ */)[0];
      write(`\n${indent}${/:\s*$/.test(value.slice(begin, from)) ? "  " : ""}`);
    }
    leaves = false;
  });
  const opened = text.value;
  window.addEventListener("beforeunload", (event) => {
    const sent = one("form", editor).dataset.sent;
    if (!sent && text.value !== opened) event.preventDefault();
  });
}
