// A header for other recipients, written by whoever opens the old one. The file key stays as it is, and in this page: what
// leaves is the header, and the key of its MAC, which shows that the old header was opened here and opens nothing itself.
import { encodeHeader, encodeHeaderNoMAC, Stanza } from "../../vendor/modules/age-encryption/dist/format.js";
import { X25519Recipient } from "../../vendor/modules/age-encryption/dist/recipients.js";
import { hkdf } from "../../vendor/modules/@noble/hashes/hkdf.js";
import { hmac } from "../../vendor/modules/@noble/hashes/hmac.js";
import { sha256 } from "../../vendor/modules/@noble/hashes/sha2.js";
import { base64nopad } from "../../vendor/modules/@scure/base/index.js";
import { firstHash, SEALED_AS } from "./age.js";
import { utf8 } from "./bytes.js";

/** `header` (bytes) anew for `recipients` (age1... texts) alone, and its `proof`. Raises SealedError. */
export async function newHeader(header, identities, recipients) {
  const fileKey = await identities.fileKey(header);
  const wrapped = await Promise.all(recipients.map((recipient) => new X25519Recipient(recipient).wrapFileKey(fileKey)));
  const stanzas = [...wrapped.flat(), new Stanza([SEALED_AS, base64nopad.encode(firstHash(header))], new Uint8Array())];
  const proof = hkdf(sha256, fileKey, undefined, utf8("header"), 32);
  fileKey.fill(0);
  return { header: encodeHeader(stanzas, hmac(sha256, proof, encodeHeaderNoMAC(stanzas))), proof };
}
