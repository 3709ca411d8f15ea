// A service worker that remembers keys while a page of the console is open: in memory alone, never on disk. The browser
// stops it, and the keys are gone, about half a minute after the last page stopped asking.
const held = new Map(); // customer -> secrets

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", ({ data, ports: [port] }) => {
  if (data.deed === "hold") held.set(data.customer, data.secrets);
  if (data.deed === "forget") held.delete(data.customer);
  port.postMessage(held.get(data.customer) ?? []);
});
