// Bytes: joining, comparing, numbers in them, hexadecimal and base64.

/** What went wrong with sealed content. `kind`: "no-key", "altered", "foreign" (no such file), "offline". */
export class SealedError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = "SealedError";
    this.kind = kind;
  }
}

export function joined(pieces) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) { whole.set(piece, at); at += piece.length; }
  return whole;
}

export const same = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);
export const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
export const utf8 = (string) => new TextEncoder().encode(string);
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unbase64 = (string) => Uint8Array.from(atob(string), (letter) => letter.charCodeAt(0));
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes)); // of headers and other small things
export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The 16 bytes of a UUID in its usual spelling. */
export const uuid = (string) => Uint8Array.from(string.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));

/** A counter of 64 bits, as a number: nothing here reaches 2^53. */
export const number64 = (view, at) => view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
