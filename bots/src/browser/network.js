// Counts what a page asks its server for. Installed once in each page.
(() => {
  if (window.__botswainNet) return;
  const net = window.__botswainNet = { pending: 0, last: 0 };
  const begin = () => { net.pending++; };
  const end = () => { net.pending--; net.last = performance.now(); };
  const fetch = window.fetch;
  window.fetch = function (...given) { begin(); const asked = fetch.apply(this, given); asked.then(end, end); return asked; };
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...given) { begin(); this.addEventListener('loadend', end, { once: true }); return send.apply(this, given); };
})();
