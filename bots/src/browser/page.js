// What runs inside the page: the search for elements, and what has to be done at once.
//
// In: the name of an operation and what it is given; and whether frames are left
// out (`alone`), or named for somebody who walks through them (`walk`). Out: plain
// data and elements.
// It never waits (the caller asks again) and leaves nothing in the page but marks
// under `window.__botswain`.
const [operation, given, mode] = arguments;
const marks = (window.__botswain ??= { told: new WeakMap(), before: new WeakSet(), asked: new Map(), boxes: new WeakMap() });
// Which alternative of a locator was used.
const used = [];
// How long a page that has loaded has for showing the first alternative.
const PATIENCE = 500;

const tidy = text => (text ?? '').replace(/\s+/g, ' ').trim();
// `Quantity *:` is called `Quantity`.
const caption = text => tidy(text).replace(/[\s*:：]+$/, '');
const lower = text => text.toLowerCase();
const unique = list => [...new Set(list)];

// Open shadow roots are searched like the page itself.
function rootsOf(start) {
  const found = start.shadowRoot ? [start, start.shadowRoot] : [start];
  for (const root of found) {
    for (const el of root.querySelectorAll('*')) if (el.shadowRoot) found.push(el.shadowRoot);
  }
  return found;
}
// What is searched at the moment: the page, or the elements that a locator looks inside of.
let roots = rootsOf(document);
// The page goes on meanwhile, and may be another one afterwards.
const after = begin => new Promise(begin).then(() => { roots = rootsOf(document); });
const pause = () => after(done => setTimeout(done, STILL + 1));
const moment = () => after(done => { const channel = new MessageChannel(); channel.port1.onmessage = done; channel.port2.postMessage(0); });
const all = selector => unique(roots.flatMap(root => [...root.querySelectorAll(selector)]));

// Seen by a person: rendered, not transparent, larger than a dot, not moved off the page.
function visible(el) {
  if (!el.isConnected || !el.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
  const box = el.getBoundingClientRect();
  if (box.width <= 1 || box.height <= 1) return false;
  return box.right + scrollX > 0 && box.bottom + scrollY > 0;
}

const isBox = el => el.matches('input[type=checkbox], input[type=radio], [role=checkbox], [role=switch], [role=radio]');
// The box itself is often hidden behind a drawn one.
const usable = el => visible(el) || (isBox(el) && [...(el.labels ?? [])].some(visible));

const FIELD = 'input:not([type=hidden], [type=submit], [type=button], [type=image], [type=reset]), textarea, select, ' +
  '[contenteditable=""], [contenteditable=true], [role=textbox], [role=searchbox], [role=combobox], [role=spinbutton], ' +
  '[role=checkbox], [role=switch], [role=radio]';
const BUTTON = 'button, a[href], input[type=submit], input[type=button], input[type=image], input[type=reset], summary, ' +
  '[role=button], [role=link], [role=menuitem], [role=tab], [role=option], [onclick]';
const FRAME = 'iframe, frame';
const ROLES = {
  button: 'button, input[type=submit], input[type=button], input[type=reset], input[type=image], summary',
  link: 'a[href]', textbox: 'textarea, input:not([type]), input[type=text], input[type=email], input[type=tel], input[type=url]',
  searchbox: 'input[type=search]', checkbox: 'input[type=checkbox]', radio: 'input[type=radio]',
  combobox: 'select:not([multiple]), input[list]', listbox: 'select[multiple]', option: 'option',
  spinbutton: 'input[type=number]', heading: 'h1, h2, h3, h4, h5, h6', img: 'img', dialog: 'dialog',
  row: 'tr', cell: 'td', columnheader: 'th', table: 'table', list: 'ul, ol', listitem: 'li', navigation: 'nav', main: 'main',
};

function textWithoutFields(el) {
  const copy = el.cloneNode(true);
  copy.querySelectorAll('select, textarea, input, button, script, style').forEach(part => part.remove());
  return caption(copy.textContent);
}

// The labels that are tied to a field. With an id used twice, `for` means each of its bearers.
function labels(el) {
  const tied = el.id ? [...el.getRootNode().querySelectorAll('label[for]')].filter(label => label.htmlFor === el.id) : [];
  return unique([...tied, ...(el.labels ?? []), el.closest('label')].filter(Boolean));
}

function fieldNames(el) {
  const by = (el.getAttribute('aria-labelledby') ?? '').split(/\s+/).filter(Boolean)
    .map(id => el.getRootNode().getElementById(id)?.textContent).join(' ');
  return [...labels(el).map(textWithoutFields), caption(by), caption(el.getAttribute('aria-label')), caption(el.title)].filter(Boolean);
}

function buttonNames(el) {
  const pictures = [...el.querySelectorAll('img[alt], svg title')].map(part => part.getAttribute('alt') ?? part.textContent);
  const own = el.matches('input') ? [el.value, el.alt] : [el.innerText];
  return [...own, el.getAttribute('aria-label'), el.title, ...pictures].map(tidy).filter(Boolean);
}

const innermost = list => list.filter(el => !list.some(other => other !== el && el.contains(other)));

// Elements whose whole text this is, innermost ones.
function withText(same) {
  const hits = all('*').filter(el => !el.matches('html, head, head *, body, script, style, option, datalist *') && el.textContent.length < 5000 && same(tidy(el.textContent)));
  return innermost(hits.filter(visible));
}

// Captions that are tied to no field: the nearest field to the right, else below, that has no label of its own.
function captioned(same, fields) {
  const free = fields.filter(el => usable(el) && !fieldNames(el).length).map(el => [el, el.getBoundingClientRect()]);
  const texts = withText(text => same(caption(text))).filter(el => !el.matches(`${FIELD}, ${BUTTON}`));
  return unique(texts.map(text => nearest(text.getBoundingClientRect(), free)).filter(Boolean));
}

function nearest(from, fields) {
  let best = null;
  for (const [el, box] of fields) {
    const sameRow = Math.min(from.bottom, box.bottom) > Math.max(from.top, box.top);
    const sameColumn = Math.min(from.right, box.right) > Math.max(from.left, box.left);
    const right = sameRow && box.left >= from.left ? Math.max(0, box.left - from.right) : Infinity;
    const below = sameColumn && box.top >= from.top ? Math.max(0, box.top - from.bottom) + 8 : Infinity;
    const far = Math.min(right, below);
    if (far < 400 && (!best || far < best.far)) best = { el, far };
  }
  return best?.el;
}

// `<dt>Number</dt><dd>4711</dd>`, and the same in a table.
function described(same) {
  const terms = all('dt, th, td').filter(el => visible(el) && same(caption(el.textContent)));
  return terms.map(el => el.nextElementSibling).filter(el => el?.matches('dd, td'));
}

// Lists of candidates in order of preference: the first that has a visible one counts.
function* byName(wanted, kind, exact) {
  const boxes = kind === 'box';
  for (const fold of exact ? [text => text] : [text => text, lower]) {
    const same = text => fold(text) === fold(wanted);
    if (kind === 'frame') {
      yield all(FRAME).filter(el => [el.title, el.name, el.getAttribute('aria-label')].some(name => same(tidy(name))));
      continue;
    }
    const label = text => same(text) || fold(text) === fold(caption(wanted));
    const fields = all(FIELD).filter(el => !boxes || isBox(el));
    if (kind !== 'button') {
      yield fields.filter(el => fieldNames(el).some(label));
      yield fields.filter(el => same(el.name ?? '') || same(tidy(el.placeholder)));
      if (kind === 'read') yield described(label);
      if (kind !== 'any') yield captioned(label, fields);
    }
    if (kind === 'button' || kind === 'any') {
      yield innermost(all(BUTTON).filter(el => buttonNames(el).some(same) && visible(el)));
      yield withText(same);
      yield all(BUTTON).filter(el => same(el.name ?? ''));
      if (kind === 'button') yield all(FIELD).filter(el => isBox(el) && fieldNames(el).some(label));
    }
  }
}

function byRole(wanted) {
  const [role, ...rest] = wanted.split(' ');
  const name = tidy(rest.join(' '));
  const bearers = all(`[role="${CSS.escape(role)}"]${ROLES[role] ? ', ' + ROLES[role] : ''}`);
  const fits = el => !el.hasAttribute('role') || el.getAttribute('role') === role;
  const names = el => [...fieldNames(el), ...(el.matches('select') ? [] : buttonNames(el))];
  return bearers.filter(el => fits(el) && (!name || names(el).includes(name)));
}

function byXpath(wanted) {
  const found = document.evaluate(wanted, document, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  const nodes = Array.from({ length: found.snapshotLength }, (_, i) => found.snapshotItem(i));
  const within = node => roots.some(root => root === document || root.contains(node));
  return nodes.filter(node => node.nodeType === Node.ELEMENT_NODE && within(node));
}

function candidates({ by, wanted, exact }, kind) {
  const text = tidy(wanted);
  switch (by) {
    case 'css': return [all(wanted)];
    case 'xpath': return [byXpath(wanted)];
    case 'name': return [all(`[name="${CSS.escape(wanted)}"]`)];
    case 'testid': return [all(['data-testid', 'data-test-id', 'data-test', 'data-qa'].map(name => `[${name}="${CSS.escape(wanted)}"]`).join(', '))];
    case 'role': return [byRole(text)];
    case 'label': return [all(FIELD).filter(el => fieldNames(el).includes(caption(text)))];
    case 'placeholder': return [all('[placeholder]').filter(el => tidy(el.placeholder) === text)];
    case 'text': return [withText(found => found === text)];
    case 'title': return [all('[title]').filter(el => tidy(el.title) === text)];
    case 'alt': return [all('[alt]').filter(el => tidy(el.getAttribute('alt')) === text)];
    default: return byName(text, kind, exact);
  }
}

// What a heading, a legend or a cell stands for: the part of the page that it names.
function scopeOf(el) {
  const named = el.id && all(`[aria-labelledby~="${CSS.escape(el.id)}"]`)[0];
  if (named) return named;
  const around = [['legend', 'fieldset'], ['caption', 'table'], ['summary', 'details'], ['td, th, [role=cell]', 'tr, [role=row]'],
    ['h1, h2, h3, h4, h5, h6', 'section, article, dialog, [role=dialog], fieldset, form, li, div'], ['li *', 'li']];
  for (const [own, scope] of around) {
    const found = el.closest(own)?.parentElement?.closest(scope);
    if (found) return found;
  }
  return el;
}

const isText = part => ['visible', 'text', 'label'].includes(part.by);
const distance = (a, b) => Math.hypot(Math.max(0, a.left - b.right, b.left - a.right), Math.max(0, a.top - b.bottom, b.top - a.bottom));

// Of those that fit, the ones closest to an element, and the one at a place.
function narrowed(list, part) {
  let left = list;
  if (part.near) {
    const own = roots;
    // What it stands next to may stand anywhere.
    roots = rootsOf(document);
    const anchors = [...candidates(part.near, 'any')].map(found => unique(found.filter(visible))).find(found => found.length) ?? [];
    roots = own;
    const boxes = anchors.map(el => el.getBoundingClientRect());
    const far = left.map(el => Math.min(...boxes.map(box => distance(el.getBoundingClientRect(), box))));
    const least = Math.min(...far);
    left = boxes.length ? left.filter((_, i) => far[i] - least < 1) : [];
    // Inside of the same row or group there is nothing to choose by distance.
    if (left.length > 1) {
      const sharing = el => { let depth = 0; for (let up = el; up; up = up.parentElement, depth++) if (anchors.some(anchor => up.contains(anchor))) return depth; return Infinity; };
      const nearest = Math.min(...left.map(sharing));
      left = left.filter(el => sharing(el) === nearest);
    }
  }
  if (part.nth) {
    const sorted = [...left].sort((a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    const one = sorted.at(part.nth > 0 ? part.nth - 1 : part.nth);
    left = one ? [one] : [];
  }
  return left;
}

// Looks for each part inside of what the part before it has found.
function* chained(parts, kind) {
  const outer = roots;
  try {
    for (const part of parts.slice(0, -1)) {
      const lists = [...candidates(part, 'any')].map(list => part.near || part.nth ? narrowed(unique(list.filter(visible)), part) : list);
      const around = lists.find(list => list.length) ?? [];
      roots = unique(around.flatMap(el => [el, ...(isText(part) ? [scopeOf(el)] : [])])).flatMap(rootsOf);
    }
    yield* candidates(parts.at(-1), kind);
  } finally {
    roots = outer;
  }
}

const alternatives = (locator, kind) => locator.any.flatMap(parts => [...chained(parts, kind)]);

// Says which element it is, and never what was entered into it.
function describe(el) {
  const attributes = ['id', 'name', 'type', 'role', 'href'].filter(name => el.getAttribute(name)).map(name => `${name}="${el.getAttribute(name).slice(0, 60)}"`);
  const text = el.matches('input, select, textarea') ? fieldNames(el)[0] ?? '' : tidy(el.textContent);
  return `<${[el.localName, ...attributes].join(' ')}>${text ? ' ' + text.slice(0, 60) : ''}`;
}

// What a person could have meant instead.
function names(kind) {
  const list = kind === 'button' ? all(BUTTON).filter(visible).map(el => buttonNames(el)[0])
    : all(FIELD).filter(usable).map(el => fieldNames(el)[0] ?? el.name);
  return unique(list.filter(Boolean).map(name => name.slice(0, 60))).slice(0, 15);
}

const isOff = el => el.matches(':disabled') || el.getAttribute('aria-disabled') === 'true';
const isFixed = (el, kind) => isOff(el) || (kind === 'field' && (el.readOnly === true || el.getAttribute('aria-readonly') === 'true'));

// `{ element }` when there is exactly one to be seen and used, else `{ problem }`.
// Of several alternatives the first counts, the others once the page has had its time.
function find(locator, kind, atOnce) {
  let problem = null, hidden = 0;
  for (const [at, parts] of ways(locator)) {
    if (at && !atOnce && locator.only == null && !hadItsTime(locator)) break;
    const found = findOne(parts, kind);
    if (found.element || found.problem === 'invalid' || found.problem === 'disabled') {
      if (!at) marks.asked.delete(locator.written);
      if (found.element && locator.any.length > 1) used.push([locator.written, at]);
      return found;
    }
    hidden += found.hidden ?? 0;
    if (!problem || problem.problem === 'missing') problem = found;
  }
  return problem.problem === 'missing' ? { ...problem, hidden } : problem;
}

// Another place decides which of the alternatives it is, when there are frames.
const ways = ({ any, only }) => [...any.entries()].filter(([at]) => only == null || at === only);

function hadItsTime({ written }) {
  if (document.readyState !== 'complete') return false;
  if (!marks.asked.has(written)) marks.asked.set(written, performance.now());
  return performance.now() - marks.asked.get(written) >= PATIENCE;
}

function findOne(parts, kind) {
  let hidden = 0, rank = -1;
  try {
    for (const list of chained(parts, kind)) {
      rank++;
      const last = parts.at(-1);
      const fit = unique(list.filter(el => last.hidden ? el.isConnected : usable(el)));
      hidden += unique(list).length - fit.length;
      const seen = narrowed(fit, last);
      if (seen.length > 1) return { problem: 'ambiguous', candidates: seen.slice(0, 8).map(describe), count: seen.length, rank };
      if (seen.length === 1) return { ...one(seen[0], kind), rank };
    }
  } catch (err) {
    return { problem: 'invalid', message: String(err.message) };
  }
  return { problem: 'missing', hidden, names: names(kind) };
}

function one(element, kind) {
  if (kind === 'field' && !element.matches(FIELD)) return { problem: 'kind', candidates: [describe(element)] };
  if (kind === 'frame' && !element.matches(FRAME)) return { problem: 'kind', candidates: [describe(element)] };
  if (kind === 'box' && !isBox(element)) return { problem: 'kind', candidates: [describe(element)] };
  if (!['any', 'read', 'shown', 'frame'].includes(kind) && isFixed(element, kind)) return { problem: 'disabled', candidates: [describe(element)] };
  return { element };
}

const fire = (el, event) => el.dispatchEvent(event);

function setValue(el, value) {
  if (el.isContentEditable) { el.textContent = value; return; }
  const prototype = el.localName === 'textarea' ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
  // Frameworks put a setter of their own on the element and would not notice.
  Object.getOwnPropertyDescriptor(prototype, 'value').set.call(el, value);
}

const shownIn = el => el.isContentEditable ? tidy(el.innerText) : el.localName === 'select' ? tidy(el.selectedOptions[0]?.textContent) : el.value;

function unfillable(el, value) {
  if (isBox(el)) return 'is a box: use `tick` or `untick`';
  if (el.type === 'file') return 'takes a file, which cannot be typed';
  if (!el.isContentEditable && !el.matches('input, textarea')) return 'cannot be typed into';
  if (/[\r\n]/.test(value) && el.matches('input')) return 'takes one line only';
  if (el.maxLength >= 0 && value.length > el.maxLength) return `takes at most ${el.maxLength} characters`;
  return null;
}

function fillOne({ locator, value }) {
  let found = find(locator, 'field');
  if (!found.element) return found;
  found.element.focus({ preventScroll: true });
  // Some pages put another field in the place of the one that is entered.
  if (!visible(found.element)) {
    const active = document.activeElement;
    found = active?.matches(FIELD) && visible(active) ? { element: active } : find(locator, 'field');
    if (!found.element) return found;
  }
  const el = found.element;
  if (el.localName === 'select') return pick(el, value.trim());
  const message = unfillable(el, value);
  if (message) return { problem: 'unfillable', message };
  setValue(el, value);
  fire(el, new InputEvent('input', { bubbles: true, composed: true, inputType: 'insertText', data: value }));
  fire(el, new Event('change', { bubbles: true }));
  el.blur();
  return { filled: el };
}

function choose({ locator, value }) {
  const found = find(locator, 'choice');
  if (!found.element) return found;
  const el = found.element;
  if (el.localName !== 'select') return { ...found, completes: true, listed: el.list ? [...el.list.options].map(option => tidy(option.value)) : null };
  return pick(el, value);
}

// Chooses the entry of a list with this text, else with this value.
function pick(el, value) {
  const options = [...el.options].filter(option => !option.hidden);
  const hits = options.filter(option => tidy(option.textContent) === value);
  const exact = hits.length ? hits : options.filter(option => option.value === value);
  const entries = options.map(option => tidy(option.textContent)).filter(Boolean);
  if (exact.length > 1) return { problem: 'ambiguous', candidates: exact.map(option => `<option value="${option.value}"> ${tidy(option.textContent)}`), count: exact.length };
  if (!exact.length) return { problem: 'option', entries, value };
  if (exact[0].matches(':disabled')) return { problem: 'option', entries, value, off: true };
  el.focus({ preventScroll: true });
  exact[0].selected = true;
  fire(el, new Event('input', { bubbles: true, composed: true }));
  fire(el, new Event('change', { bubbles: true }));
  el.blur();
  return { chosen: exact[0].value };
}

// The entries that have appeared since `mark`.
function entries({ value }) {
  const fresh = el => !marks.before.has(el) && !el.matches(FIELD) && !el.matches('label');
  const hits = withText(text => text === tidy(value)).filter(fresh);
  const shown = all('[role=option], li').filter(el => visible(el) && fresh(el)).map(el => tidy(el.textContent));
  if (hits.length > 1) return { problem: 'ambiguous', candidates: hits.slice(0, 8).map(describe), count: hits.length };
  return hits.length ? { element: hits[0] } : { problem: 'option', entries: unique(shown), value };
}

function tick({ locator, on }) {
  const found = find(locator, 'box');
  if (!found.element) return found;
  const el = found.element;
  const ticked = () => el.matches('input') ? el.checked : el.getAttribute('aria-checked') === 'true';
  if (ticked() !== on) el.click();
  return { ticked: ticked() };
}

const seenText = () => roots.map(root => root === document ? document.body?.innerText : [...root.children].map(el => el.innerText).join(' ')).map(tidy).join(' ');
// In the place of a page that did not come: Chromium's name for the reason.
const broken = () => location.protocol === 'chrome-error:';
const failure = () => broken() ? (document.getElementById('error-code')?.textContent ?? document.body?.innerText ?? '').match(/ERR_[A-Z0-9_]+/)?.[0] : undefined;
const status = () => performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0;

function refusal(locator) {
  for (const list of alternatives(locator, 'any')) {
    const told = list.filter(el => visible(el) && tidy(el.innerText) && marks.told.get(el) !== tidy(el.innerText));
    if (told.length) return unique(told.map(el => tidy(el.innerText))).join(' / ').slice(0, 500);
  }
  return null;
}

// Every visible element that fits, of the first alternative that has any.
function every(locator, kind) {
  for (const parts of locator.any) {
    for (const list of chained(parts, kind)) {
      const seen = narrowed(unique(list.filter(usable)), parts.at(-1));
      if (seen.length) return seen;
    }
  }
  return [];
}

// Nothing was asked for within the last half second, and nothing is still under way.
function isIdle() {
  if (document.readyState !== 'complete' || window.__botswainNet?.pending > 0) return false;
  const ends = performance.getEntriesByType('resource').slice(-50).map(entry => entry.responseEnd || entry.startTime);
  const last = Math.max(0, performance.getEntriesByType('navigation')[0]?.loadEventEnd ?? 0, window.__botswainNet?.last ?? 0, marks.actedAt ?? 0, ...ends);
  return performance.now() - last > 500;
}

function check({ text, element, gone, url, title, value, count, idle, navigation, refused }) {
  const unmet = [];
  if (text != null && !seenText().includes(tidy(text))) unmet.push('text');
  for (const [name, locator] of [['element', element], ['gone', gone]]) {
    if (!locator) continue;
    const found = find(locator, 'any', true);
    if (found.problem === 'invalid') return found;
    if ((name === 'gone') !== (found.problem === 'missing')) unmet.push(name);
  }
  if (url != null && !location.href.includes(url)) unmet.push('url');
  if (title != null && !document.title.includes(title)) unmet.push('title');
  for (const [locator, wanted] of value ?? []) {
    const found = find(locator, 'shown', true);
    if (found.problem && found.problem !== 'missing') return found;
    const chosen = found.element?.localName === 'select' && found.element.value === wanted;
    const shown = found.element && (found.element.matches(FIELD) ? shownIn(found.element) : tidy(found.element.innerText));
    if (!chosen && tidy(shown) !== tidy(wanted)) unmet.push({ key: 'value', of: locator.written, wanted, shown: found.element ? shown ?? '' : null });
  }
  for (const [locator, wanted] of count ?? []) {
    const shown = every(locator, 'any').length;
    if (shown !== wanted) unmet.push({ key: 'count', of: locator.written, wanted, shown });
  }
  if (idle && !isIdle()) unmet.push('idle');
  if (navigation && (marks.acted || document.readyState !== 'complete')) unmet.push('navigation');
  const shows = unmet.length ? seenText().slice(0, 200) : '';
  return { unmet, shows, refused: refused ? refusal(refused) : null, status: status(), loaded: document.readyState === 'complete', broken: broken(), error: failure() };
}

function read({ locator, how, name }) {
  if (how === 'list' || how === 'count') {
    const found = every(locator, 'any');
    return { value: how === 'count' ? found.length : found.map(el => (el.matches(FIELD) ? shownIn(el) : tidy(el.innerText))) };
  }
  const found = find(locator, how === 'table' || how === 'attribute' ? 'any' : 'read');
  if (!found.element) return found;
  const el = found.element;
  const text = () => (el.innerText ?? el.textContent).trim();
  const isField = el.matches('input, textarea, select');
  switch (how) {
    case 'text': return { value: text() };
    case 'value': return isField || el.isContentEditable ? { value: shownIn(el) ?? '' } : { problem: 'kind', candidates: [describe(el)] };
    case 'attribute': {
      const value = ['href', 'src'].includes(name) ? el[name] : el.getAttribute(name);
      return typeof value === 'string' ? { value } : { problem: 'attribute', message: `has no attribute \`${name}\``, candidates: [describe(el)] };
    }
    case 'table': return table(el);
    default: return { value: isField ? shownIn(el) : text() };
  }
}

// Rows by the heads of their columns; a head that stands twice gets a number.
function table(el) {
  const whole = el.matches('table, [role=table], [role=grid]') ? el : el.closest('table, [role=table], [role=grid]') ?? scopeOf(el).querySelector('table');
  if (!whole) return { problem: 'kind', candidates: [describe(el)] };
  const own = row => row.closest('table, [role=table], [role=grid]') === whole;
  const rows = [...whole.querySelectorAll('tr, [role=row]')].filter(row => own(row) && visible(row));
  const cells = row => [...row.children].filter(cell => cell.matches('td, th, [role]')).flatMap(cell => [cell, ...Array((cell.colSpan || 1) - 1).fill(null)]);
  const shown = cell => {
    const field = cell?.querySelector('input:not([type=hidden]), select, textarea');
    return field && !tidy(cell.innerText) ? (isBox(field) ? String(field.checked) : shownIn(field)) : tidy(cell?.innerText);
  };
  const head = rows.find(row => row.querySelector('th, [role=columnheader]')) ?? rows[0];
  if (!head) return { value: [] };
  const names = [];
  for (const [at, cell] of cells(head).entries()) {
    const name = shown(cell) || `column ${at + 1}`;
    let unique = name;
    for (let n = 2; names.includes(unique); n++) unique = `${name} ${n}`;
    names.push(unique);
  }
  const body = rows.slice(rows.indexOf(head) + 1).filter(row => !row.closest('thead'));
  return { value: body.map(row => Object.fromEntries(cells(row).slice(0, names.length).map((cell, at) => [names[at], shown(cell)]))) };
}

// The field that takes a file. It is often hidden behind a button or a label.
function fileField(locator) {
  for (const [, parts] of ways(locator)) {
    const lists = [...chained(parts, 'field'), ...chained(parts, 'button')];
    const isFile = el => el?.matches?.('input[type=file]');
    const of = el => isFile(el) ? [el] : isFile(el.control) ? [el.control] : [...(el.closest('label, form, fieldset, div') ?? el).querySelectorAll('input[type=file]')];
    const fields = unique(lists.flatMap(list => list.flatMap(of)));
    const exact = unique(lists.flat().filter(isFile));
    const found = exact.length ? exact : fields;
    const free = found.filter(el => !isOff(el));
    if (free.length > 1) return { problem: 'ambiguous', candidates: free.slice(0, 8).map(describe), count: free.length };
    if (free.length) return { element: free[0], many: free[0].multiple };
    if (found.length) return { problem: 'disabled', candidates: [describe(found[0])] };
  }
  return { problem: 'missing', hidden: 0, names: names('field') };
}

// How long an element has to stand in its place.
const STILL = 15;

// The same box twice, some time apart: it does not move.
function steady(el) {
  const last = marks.boxes.get(el), now = boxed(el);
  const stays = last && ['x', 'y', 'width', 'height'].every(side => last[side] === now[side]);
  if (!stays) marks.boxes.set(el, now);
  return stays && now.at - last.at >= STILL;
}

function boxed(el) {
  const { x, y, width, height } = el.getBoundingClientRect();
  return { x, y, width, height, at: performance.now() };
}

// From here on another page or another answer may come.
function acted() {
  marks.acted = true;
  marks.actedAt = performance.now();
}

// A second look within the same call, for each call costs more than it takes to stand still.
async function pressable(locator) {
  let found = find(locator, 'button');
  if (found.element && !steady(found.element)) {
    await pause();
    found = find(locator, 'button');
    if (found.element && !steady(found.element)) return { problem: 'moving', candidates: [describe(found.element)] };
  }
  if (!found.element) return found;
  acted();
  return { ...found, clear: meets(found.element) };
}

// Whether a pointer that goes to its middle is sure to meet it. Within a frame, who knows what lies over that.
function meets(el) {
  if (self !== top || el.matches('option, area, select, input[type=file]')) return false;
  el.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
  const [box, ...more] = el.getClientRects();
  if (!box || more.length || box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight) return false;
  return el.contains(el.getRootNode().elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
}

// What has just been put into it, the page may change when it has a moment to itself.
async function fill(fields) {
  // A button is mostly pressed next, and then need not be looked at twice.
  for (const el of all(BUTTON)) marks.boxes.set(el, boxed(el));
  const filled = [];
  for (const [at, field] of fields.entries()) {
    const done = fillOne(field);
    if (done.problem) return { at, ...done };
    filled.push(done.filled);
  }
  await moment();
  return { at: fields.length, shown: shownOf(fields, filled) };
}

// In those that were just filled, unless the page has put others in their places.
function shownOf(fields, filled = []) {
  return fields.map(({ locator, value }, at) => {
    const found = filled[at] && visible(filled[at]) ? { element: filled[at] } : find(locator, 'shown');
    if (!found.element) return found;
    // A list may have been asked for an entry by its value.
    const chosen = found.element.localName === 'select' && found.element.value === value.trim();
    return { value: chosen ? value.trim() : shownIn(found.element) ?? '' };
  });
}

// What stands there now is no answer to what comes.
function tell(places) {
  for (const place of places) {
    for (const list of alternatives(place, 'any')) list.filter(visible).forEach(el => marks.told.set(el, tidy(el.innerText)));
  }
}

// Everything that a locator finds, and what would be done with it: for whoever writes one.
function explain(locator) {
  return locator.any.map(parts => {
    const ways = ['field', 'button', 'read'].map(kind => {
      const found = findOne(parts, kind);
      return [kind, found.element ? describe(found.element) : found.problem];
    });
    const fits = [], hidden = [];
    for (const list of [...chained(parts, 'field'), ...chained(parts, 'any'), ...chained(parts, 'read')]) {
      for (const el of list) (usable(el) ? fits : hidden).push(el);
    }
    const told = list => unique(list).slice(0, 20).map(describe);
    const broken = ways.find(([, what]) => what === 'invalid') ? findOne(parts, 'any').message : null;
    return { ways: Object.fromEntries(ways), fits: told(fits), hidden: told(hidden), broken, names: { field: names('field'), button: names('button') } };
  });
}

// The element, once a pointer at its middle would meet it.
function point(locator) {
  const found = find(locator, 'button');
  if (!found.element) return found;
  const el = found.element;
  el.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
  if (!steady(el)) return { problem: 'moving', candidates: [describe(el)] };
  acted();
  const box = el.getBoundingClientRect();
  const met = el.getRootNode().elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return el.contains(met) ? found : { problem: 'covered', candidates: met ? [describe(met)] : [] };
}

// To an element, or so far within it or the page.
function scroll({ locator, x, y }) {
  const found = locator ? find(locator, 'any') : { element: document.scrollingElement };
  if (!found.element) return found;
  const to = { behavior: 'instant', ...(x != null && { left: x }), ...(y != null && { top: y }) };
  if (x == null && y == null) found.element.scrollIntoView({ block: 'center', ...to });
  else found.element.scrollTo(to);
  return { scrolled: true };
}

// Makes what was typed secretly unreadable, for a picture.
function veil(secrets) {
  const bare = text => secrets.reduce((rest, secret) => rest.split(secret).join('•••'), text);
  const veiled = marks.veiled = [];
  for (const field of all('input, textarea')) {
    if (bare(field.value) === field.value) continue;
    veiled.push(() => field.style.removeProperty('-webkit-text-security'));
    field.style.setProperty('-webkit-text-security', 'disc', 'important');
  }
  for (const root of roots) {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode, data = text.data, veil = bare(data);
      if (veil === data) continue;
      // Unless the page has changed it meanwhile.
      veiled.push(() => { if (text.data === veil) text.data = data; });
      text.data = veil;
    }
  }
  return {};
}

// As it was before the picture.
function unveil() {
  for (const restore of marks.veiled ?? []) restore();
  delete marks.veiled;
  return {};
}

// What may stand in a frame as well as in the page itself.
const KINDS = { fill: 'field', shown: 'shown', choose: 'choice', tick: 'box', press: 'button', point: 'button', scroll: 'any' };
const frames = () => all(FRAME).filter(visible);

function pierces() {
  if (mode) return false;
  const named = operation === 'find' ? given.kind !== 'frame' : operation === 'scroll' ? given.locator : operation in KINDS;
  return (named || ['read', 'file', 'veil', 'unveil'].includes(operation)) && frames().length > 0;
}

// How often each alternative fits here, and how well.
function places({ operation, given }) {
  const { locator, how, kind } = Array.isArray(given) ? given[0] : given;
  const wanted = KINDS[operation] ?? kind ?? (how === 'table' || how === 'attribute' ? 'any' : 'read');
  return locator.any.map((parts, at) => {
    if (at && !hadItsTime(locator)) return { count: 0 };
    const found = operation === 'file' ? fileField({ any: [parts] }) : findOne(parts, wanted);
    if (found.problem === 'missing') return { count: 0 };
    if (!at) marks.asked.delete(locator.written);
    const candidates = found.element ? [describe(found.element)] : found.candidates ?? [];
    return { count: found.count ?? 1, rank: found.rank ?? 0, candidates, invalid: found.problem === 'invalid', frame: document.title || location.href };
  });
}

// What the page itself does not show may stand in a frame.
function checkAlso() {
  const answer = check(given);
  const open = answer.unmet?.some(unmet => unmet.key || ['text', 'element'].includes(unmet));
  return !mode && !answer.problem && (open || given.gone || given.count?.length) && frames().length ? { frames: true } : answer;
}

function act() {
  if (operation === 'press' && given.told) {
    try {
      tell(given.told);
    } catch (err) {
      return { problem: 'invalid', refused: true, message: String(err.message) };
    }
  }
  if (pierces()) return { frames: true };
  switch (operation) {
    case 'find': return find(given.locator, given.kind);
    case 'fill': return fill(given);
    case 'shown': return shownOf(given);
    case 'blur': document.activeElement?.blur(); return {};
    case 'choose': return choose(given);
    case 'mark': all('*').filter(visible).forEach(el => marks.before.add(el)); return {};
    case 'entries': return entries(given);
    case 'tick': return tick(given);
    case 'check': return checkAlso();
    case 'told': tell(given); return {};
    case 'read': return read(given);
    case 'press': return pressable(given.locator);
    case 'acted': acted(); return { frame: document.activeElement?.matches(FRAME) ? document.activeElement : null };
    case 'places': return places(given);
    case 'file': return fileField(given.locator);
    case 'explain': return { alternatives: explain(given.locator), frame: document.title || location.href };
    case 'point': return point(given.locator);
    case 'scroll': return scroll(given);
    case 'page': return {
      url: location.href, title: document.title, status: status(), broken: broken(), error: failure(),
      width: Math.max(document.documentElement.clientWidth, Math.min(document.documentElement.scrollWidth, 4000)),
      height: Math.max(document.documentElement.clientHeight, Math.min(document.documentElement.scrollHeight, 10000)),
    };
    case 'veil': return veil(given);
    case 'unveil': return unveil();
    case 'source': return { source: document.documentElement.outerHTML.slice(0, given.limit) };
  }
  throw new Error(`no operation ${operation}`);
}

function told(answer) {
  if (mode === 'walk') return { answer, inner: frames(), used };
  return used.length && !Array.isArray(answer) ? { ...answer, used } : answer;
}

function failed(err) {
  // A selector that is none.
  if (!(err instanceof DOMException)) throw err;
  const answer = { problem: 'invalid', message: String(err.message) };
  return mode === 'walk' ? { answer, inner: [] } : answer;
}

try {
  const answer = act();
  return answer instanceof Promise ? answer.then(told, failed) : told(answer);
} catch (err) {
  return failed(err);
}
