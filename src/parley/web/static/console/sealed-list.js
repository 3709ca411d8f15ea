// Who spoke, in a list of sealed recordings: opened here when this browser holds keys. Without keys nothing changes.

async function show() {
  const list = document.querySelector("[data-sealed-list]");
  if (!list) return;
  const { Keyring } = await import("./sealed/keyring.js");
  const ring = await Keyring.of(list.dataset.sealedList);
  const rows = new Map([...list.querySelectorAll("tr[data-recording]")].map((row) => [row.dataset.recording, row]));
  if (!ring.secrets.length || !rows.size) return;
  const [{ showOpened }, { SheetOpener }, { Identities }] = await Promise.all(["player/names", "sealed/sheet", "sealed/age"].map((name) => import(`./${name}.js`)));
  const url = new URL(list.dataset.sheets, location.href);
  for (const id of rows.keys()) url.searchParams.append("id", id);
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const opener = new SheetOpener(new Identities(ring.secrets));
  for (const sheet of await answer.json()) {
    await showOpened(opener, sheet.recording, sheet, rows.get(sheet.recording)).catch(() => {}); // sealed to other keys: it stays so
  }
}

document.addEventListener("htmx:afterSettle", () => show());
show();
