// Party sheets: who spoke, sealed to the customer in each row (sealing/fields.py).
//
// Column: epoch id 16 | nonce 12 | ciphertext and tag, AES-256-GCM. Associated data: epoch id, "recording:", the
// recording's id in 16 bytes. The epoch's key lies in a small age file: epoch id 16 | key 32.
import { openBytes } from "./age.js";
import { joined, same, SealedError, text, utf8, uuid } from "./bytes.js";

const [EPOCH, NONCE, TAG] = [16, 12, 16];

/** Opens sheets; each epoch's key is unwrapped once. */
export class SheetOpener {
  constructor(identities) {
    this.identities = identities;
    this.keys = new Map();
  }

  /** { parties: [{ role, name, number, aor }], call_id }. Raises SealedError. */
  async open({ recordingId, sealed, wrapped }) {
    if (sealed.length < EPOCH + NONCE + TAG) throw new SealedError("altered", "The names of a recording were altered.");
    const epoch = sealed.subarray(0, EPOCH);
    const [key, iv] = [await this.key(epoch, wrapped), sealed.subarray(EPOCH, EPOCH + NONCE)];
    try {
      const additionalData = joined([epoch, utf8("recording:"), uuid(recordingId)]);
      const clear = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed.subarray(EPOCH + NONCE));
      return JSON.parse(text(new Uint8Array(clear)));
    } catch {
      throw new SealedError("altered", "The names of a recording were altered.");
    }
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
