// The completion list of the customer field: asks the server as one types, puts
// the customer's code into the field. A field that is filled without being
// focused gets no list, only the customer's name below it.
const field = document.getElementById("customer");
const list = document.getElementById("customer-list");
const named = document.getElementById("customer-name");
let asked = 0;
let marked = -1;

function close() {
  list.hidden = true;
  list.replaceChildren();
  marked = -1;
  field.setAttribute("aria-expanded", "false");
}

function choose(customer) {
  field.value = customer.code;
  named.textContent = `${customer.name}, ${customer.city}`;
  asked += 1;
  close();
}

function entry(customer) {
  const item = document.createElement("li");
  item.setAttribute("role", "option");
  for (const [tag, text] of [["b", customer.code], ["span", customer.name], ["i", customer.city]]) {
    item.append(Object.assign(document.createElement(tag), { textContent: text }));
  }
  // Before the field loses the focus.
  item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(customer); });
  item.choose = () => choose(customer);
  return item;
}

async function complete() {
  const typed = field.value.trim();
  const turn = ++asked;
  named.textContent = "";
  if (typed === "") { close(); return; }
  const answer = await fetch(`/customers?typed=${encodeURIComponent(typed)}`);
  // A later keystroke has asked again: its answer counts.
  if (turn !== asked || !answer.ok) return;
  const customers = (await answer.json()).items;
  if (turn !== asked) return;
  const exact = customers.find((customer) => customer.code === typed);
  if (exact) named.textContent = `${exact.name}, ${exact.city}`;
  if (exact || customers.length === 0 || document.activeElement !== field) { close(); return; }
  list.replaceChildren(...customers.map(entry));
  list.hidden = false;
  marked = -1;
  field.setAttribute("aria-expanded", "true");
}

function mark(step) {
  const items = [...list.children];
  marked = (marked + step + items.length) % items.length;
  items.forEach((item, index) => item.setAttribute("aria-selected", String(index === marked)));
}

field.addEventListener("input", complete);
field.addEventListener("blur", close);
field.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  if (event.key === "ArrowDown") { mark(1); event.preventDefault(); }
  if (event.key === "ArrowUp") { mark(marked < 0 ? 0 : -1); event.preventDefault(); }
  if (event.key === "Escape") close();
  if (event.key === "Enter" && marked >= 0) { list.children[marked].choose(); event.preventDefault(); }
});
if (field.value !== "") complete();
