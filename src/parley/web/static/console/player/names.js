// Who spoke, in the places of a page that name them: opened here from the sealed sheet.
import { Identities } from "../sealed/age.js";
import { unbase64 } from "../sealed/bytes.js";
import { SheetOpener } from "../sealed/sheet.js";

const label = (party) => party?.name || party?.number || party?.aor || "";

/** Opens the sheet of a described recording and writes it where `scope` has [data-party] and [data-call]. */
export async function showSheet({ id, sheet }, secrets, scope) {
  const opener = new SheetOpener(new Identities(secrets));
  await showOpened(opener, id, sheet, scope);
}

/** Opens the notes and tags of a page; their texts by id, for the marks on the waveform. */
export async function showRemarks(secrets, scope) {
  const [opener, texts] = [new SheetOpener(new Identities(secrets)), new Map()];
  for (const place of scope.querySelectorAll("[data-remark]")) {
    const { remark, kind, sealed, wrapped } = place.dataset;
    const field = { place: [`${kind}:`, remark], sealed: unbase64(sealed), wrapped: unbase64(wrapped) };
    const text = await opener.field(field).catch((error) => error.message);
    place.textContent = text;
    texts.set(remark, text);
  }
  return texts;
}

export async function showOpened(opener, id, sheet, scope) {
  const opened = await opener.open({ recordingId: id, sealed: unbase64(sheet.sealed), wrapped: unbase64(sheet.wrapped) });
  for (const place of scope.querySelectorAll("[data-party]")) {
    const party = opened.parties.find(({ role }) => role === place.dataset.party);
    place.textContent = label(party) || place.dataset.unknown;
    if (place.dataset.full !== undefined && party?.name) {
      place.append(Object.assign(document.createElement("span"), { className: "phone", textContent: ` ${party.number || party.aor}` }));
    }
    place.closest("[data-sealed-name]")?.removeAttribute("hidden");
  }
  for (const place of scope.querySelectorAll("[data-call]")) place.textContent = opened.call_id ?? "";
  for (const note of scope.querySelectorAll("[data-while-sealed]")) note.hidden = true;
}
