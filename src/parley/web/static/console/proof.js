// The arithmetic of evidence: RFC 9162 tree hashes and proofs, C2SP signed notes, Ed25519, all by WebCrypto.
// A port of ledger/verifier.py; every function returns a value or throws a ProofError that says what is wrong.

export class ProofError extends Error {}

const encoder = new TextEncoder();
const bytes = (text) => encoder.encode(text);
const SIGNATURE = 1; // c2sp.org/signed-note: Ed25519 over the note's text
const COSIGNATURE = 4; // c2sp.org/tlog-cosignature: 8 bytes of time, then Ed25519 over time and text

function join(...chunks) {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) { whole.set(chunk, at); at += chunk.length; }
  return whole;
}

export const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const sha256 = async (...chunks) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...chunks)));
export const same = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);

export function unhex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new ProofError("not lower-case hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Padded standard base64 in its only spelling (RFC 4648 section 3.5). */
export function base64(text, length) {
  let raw;
  try { raw = atob(text); } catch { throw new ProofError("not base64"); }
  if (btoa(raw) !== text) throw new ProofError("not the canonical base64");
  const data = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  if (length !== undefined && data.length !== length) throw new ProofError(`${data.length} bytes where ${length} belong`);
  return data;
}

/** The one encoding of `value` (RFC 8785, without fractions): sorted members, no spaces. */
export function canonical(value) {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new ProofError("a number that has no canonical form");
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** SHA-256(0x00 || data), RFC 9162 section 2.1.1. */
export const leafHash = (data) => sha256(Uint8Array.of(0), data);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);
const half = (n) => Math.floor(n / 2);

/** The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2), null when the proof has the wrong shape. */
export async function rootFromPath({ leaf, index, size, path }) {
  if (!(index >= 0 && index < size)) return null;
  let [fn, sn, root] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (sn === 0) return null;
    if (fn % 2 || fn === sn) {
      root = await nodeHash(sibling, root);
      while (fn % 2 === 0 && fn) { fn = half(fn); sn = half(sn); }
    } else {
      root = await nodeHash(root, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? root : null;
}

/** Whether the newer tree only adds to the older (RFC 9162 section 2.1.4.2). */
export async function consistent({ oldSize, oldRoot, newSize, newRoot, path }) {
  if (oldSize === newSize) return !path.length && same(oldRoot, newRoot);
  if (oldSize < 1 || oldSize > newSize || !path.length) return false;
  const complete = Number.isInteger(Math.log2(oldSize));
  const nodes = complete ? [oldRoot, ...path] : path;
  let [fn, sn] = [oldSize - 1, newSize - 1];
  while (fn % 2) { fn = half(fn); sn = half(sn); }
  let [older, newer] = [nodes[0], nodes[0]];
  for (const sibling of nodes.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 || fn === sn) {
      [older, newer] = [await nodeHash(sibling, older), await nodeHash(sibling, newer)];
      while (fn % 2 === 0 && fn) { fn = half(fn); sn = half(sn); }
    } else {
      newer = await nodeHash(newer, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(older, oldRoot) && same(newer, newRoot);
}

/** A verifier key `<name>+<8 hex key id>+<base64 of kind and key>`, checked against itself. */
export async function parseKey(text) {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  if (!match) throw new ProofError("not a verifier key");
  const [, name, id, encoded] = match;
  const material = base64(encoded, 33);
  const keyId = (await sha256(bytes(`${name}\n`), material)).slice(0, 4);
  if (hex(keyId) !== id) throw new ProofError("name, key id and key do not belong together");
  return { text, name, keyId, kind: material[0], public: material.slice(1) };
}

async function verifies(key, signature, text) {
  let message = bytes(text);
  if (key.kind === COSIGNATURE) {
    if (signature.length !== 72) return false;
    message = bytes(`cosignature/v1\ntime ${cosignedAt(signature)}\n${text}`);
    signature = signature.slice(8);
  }
  const imported = await crypto.subtle.importKey("raw", key.public, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

/** Seconds since 1970 of a cosignature's first eight bytes. */
export const cosignedAt = (signature) => Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));

/** A signed checkpoint (c2sp.org/tlog-checkpoint): origin, size, root, and its signatures. */
export function parseCheckpoint(note) {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const [origin, size, root, ...rest] = text.split("\n");
  if (cut < 0 || !/^(0|[1-9][0-9]{0,14})$/.test(size) || rest.length !== 1 || rest[0] !== "") throw new ProofError("not a checkpoint");
  const signatures = note.slice(cut + 2).split("\n").filter(Boolean).map((line) => {
    const match = /^— (\S+) (\S+)$/.exec(line);
    if (!match) throw new ProofError("not a signature line");
    const blob = base64(match[2]);
    return { name: match[1], keyId: blob.slice(0, 4), signature: blob.slice(4) };
  });
  return { text, origin, size: Number(size), root: base64(root, 32), signatures };
}

/** The verified signature of `key` under `checkpoint`. */
export async function signatureOf(key, checkpoint) {
  const found = checkpoint.signatures.filter(({ name, keyId }) => name === key.name && same(keyId, key.keyId));
  if (found.length !== 1) throw new ProofError(`${key.name} did not sign this checkpoint`);
  if (!(await verifies(key, found[0].signature, checkpoint.text))) throw new ProofError(`the signature of ${key.name} is wrong`);
  return found[0].signature;
}

export { COSIGNATURE, SIGNATURE, bytes };
