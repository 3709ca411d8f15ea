// A service worker that remembers keys while a page of the console is open: in memory alone, never on disk. The browser
// stops it, and the keys are gone, about half a minute after the last page stopped asking. Once they were closed, a page
// that still has them brings them back no more: a person does.
const held = new Map(); // customer -> secrets
const closed = new Set();

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", ({ data, ports: [port] }) => {
  if (data.deed === "hold") closed.delete(data.customer);
  if (data.deed === "hold" || (data.deed === "keep" && !held.has(data.customer) && !closed.has(data.customer))) held.set(data.customer, data.secrets);
  if (data.deed === "forget") {
    held.delete(data.customer);
    closed.add(data.customer);
  }
  port.postMessage(held.get(data.customer) ?? []);
});
