// Party sheets: who spoke, sealed to the customer in each row (sealing/fields.py).
//
// Column: epoch id 16 | nonce 12 | ciphertext and tag, AES-256-GCM. Associated data: epoch id, "recording:", the
// recording's id in 16 bytes. The epoch's key lies in a small age file: epoch id 16 | key 32.
import { openBytes } from "./age.js";
import { joined, same, SealedError, text, utf8, uuid } from "./bytes.js";

const [EPOCH, NONCE, TAG] = [16, 12, 16];

const altered = () => new SealedError("altered", "A sealed field of this page was altered.");

/** Opens sheets and other small fields; each epoch's key is unwrapped once. */
export class SheetOpener {
  constructor(identities) {
    this.identities = identities;
    this.keys = new Map();
  }

  /** { parties: [{ role, name, number, aor }], call_id }. Raises SealedError. */
  async open({ recordingId, sealed, wrapped }) {
    return JSON.parse(await this.field({ place: ["recording:", recordingId], sealed, wrapped }));
  }

  /** The text of a sealed column; `place` is what binds it to its row: a word and the row's id. Raises SealedError. */
  async field({ place: [word, id], sealed, wrapped }) {
    if (sealed.length < EPOCH + NONCE + TAG) throw altered();
    const epoch = sealed.subarray(0, EPOCH);
    const [key, iv] = [await this.key(epoch, wrapped), sealed.subarray(EPOCH, EPOCH + NONCE)];
    const additionalData = joined([epoch, utf8(word), uuid(id)]);
    const opening = crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed.subarray(EPOCH + NONCE));
    return text(new Uint8Array(await opening.catch(() => { throw altered(); })));
  }

  async key(epoch, wrapped) {
    const name = epoch.join();
    if (!this.keys.has(name)) {
      const raw = await openBytes(wrapped, this.identities);
      if (raw.length !== EPOCH + 32 || !same(raw.subarray(0, EPOCH), epoch)) throw new SealedError("altered", "A wrapped key belongs to another epoch.");
      this.keys.set(name, await crypto.subtle.importKey("raw", raw.subarray(EPOCH), "AES-GCM", false, ["decrypt"]));
    }
    return this.keys.get(name);
  }
}
