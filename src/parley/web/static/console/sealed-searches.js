// Names of saved searches that only the customer's key opens: opened here when this browser holds keys.

const bytes = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));

async function show() {
  const list = document.querySelector("[data-searches]");
  const sealed = [...(list?.querySelectorAll("[data-search]") ?? [])];
  if (!sealed.length) return;
  const { Keyring } = await import("./sealed/keyring.js");
  const ring = await Keyring.of(list.dataset.searches);
  if (!ring.secrets.length) return;
  const [{ SheetOpener }, { Identities }] = await Promise.all(["sheet", "age"].map((name) => import(`./sealed/${name}.js`)));
  const opener = new SheetOpener(new Identities(ring.secrets));
  for (const one of sealed) {
    const { search, sealed: data, wrapped, list: address } = one.dataset;
    const opened = await opener.field({ place: ["search:", search], sealed: bytes(data), wrapped: bytes(wrapped) }).catch(() => null);
    if (opened === null) continue; // sealed to other keys: it stays so
    const { name, query } = JSON.parse(opened);
    const link = Object.assign(document.createElement("a"), { href: `${address}?${query}`, textContent: name });
    one.replaceChildren(link);
  }
}

document.addEventListener("htmx:afterSettle", () => show());
show();
