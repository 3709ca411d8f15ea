// age v1 files, read by range and with patience: what a crash cut off is opened as far as it authenticates.
//
// Header | nonce 16 | chunks of 64 KiB and 16 bytes of tag; chunk n is sealed under the nonce n (11 bytes, big-endian) | 1
// for the last chunk, 0 for all before it (c2sp.org/age). The library opens the header; it drops the last sealed chunk of
// a file that has no end, so the chunks are opened here.
import { Decrypter } from "../../vendor/modules/age-encryption/dist/index.js";
import { chacha20poly1305 } from "../../vendor/modules/@noble/ciphers/chacha.js";
import { hkdf } from "../../vendor/modules/@noble/hashes/hkdf.js";
import { sha256 } from "../../vendor/modules/@noble/hashes/sha2.js";
import { joined, SealedError, text, unbase64, utf8 } from "./bytes.js";
import { sourceOf } from "./source.js";

export const CHUNK = 64 * 1024;
const [TAG, NONCE, LARGEST_HEADER] = [16, 16, 1 << 20];
const SEALED_CHUNK = CHUNK + TAG;
const VERSION = "age-encryption.org/v1\n";
export const SEALED_AS = "parley-sealed-as";

/** The keys of a person: opens headers. `secrets` are AGE-SECRET-KEY-1... texts. */
export class Identities {
  constructor(secrets) {
    this.decrypter = new Decrypter();
    for (const secret of secrets) this.decrypter.addIdentity(secret);
    this.count = secrets.length;
  }

  async fileKey(header) {
    try {
      return await this.decrypter.decryptHeader(header);
    } catch (error) {
      if (String(error.message).includes("no identity matched")) {
        throw new SealedError("no-key", "None of your keys opens this: it was sealed to others.");
      }
      throw new SealedError("altered", "The header of a sealed file was altered.");
    }
  }
}

/** The header of an age file, or null where it is cut off: nothing was ever sealed then. */
export async function readHeader(source) {
  for (let size = 4096; ; size *= 4) {
    const data = await source.read(0, size);
    const start = new TextDecoder("latin1").decode(data.subarray(0, VERSION.length));
    if (!(data.length < VERSION.length ? VERSION.startsWith(start) : start === VERSION)) {
      if (data.subarray(0, 4096).every((byte) => byte === 0)) return null; // a power cut took the first block
      throw new SealedError("foreign", "This is no age file.");
    }
    const letters = new TextDecoder("latin1").decode(data);
    const mark = letters.indexOf("\n--- ");
    const end = mark < 0 ? -1 : letters.indexOf("\n", mark + 1);
    if (end >= 0) return data.slice(0, end + 1);
    if (data.length < size) return null;
    if (size >= LARGEST_HEADER) throw new SealedError("foreign", "The header of a sealed file is too large.");
  }
}

/**
 * What names the file in journal frames: of the header that it was first sealed under, the first 16 bytes of the SHA-256.
 * A header that was written anew says it, under its MAC.
 */
export function firstHash(header) {
  const named = new TextDecoder("latin1").decode(header).match(new RegExp(`\n-> ${SEALED_AS} ([A-Za-z0-9+/]{22})\n\n`));
  return named ? unbase64(`${named[1]}==`) : sha256(header).slice(0, 16);
}

/** An open age file: `size` clear bytes, `finished` when a final chunk ends it, `headerHash` names it in journal frames. */
export class AgeReader {
  /** Opens what is there; null where nothing was ever sealed. Raises SealedError. */
  static async open(source, identities) {
    const header = await readHeader(source);
    if (!header) return null;
    const nonce = await source.read(header.length, header.length + NONCE);
    if (nonce.length < NONCE) return null;
    const reader = new AgeReader();
    reader.source = source;
    reader.key = hkdf(sha256, await identities.fileKey(header), nonce, utf8("payload"), 32);
    reader.headerHash = firstHash(header);
    reader.start = header.length + NONCE;
    reader.stored = source.size - reader.start;
    reader.recent = [-1, null];
    await reader.findEnd();
    return reader;
  }

  async findEnd() {
    const slots = Math.ceil(this.stored / SEALED_CHUNK);
    const ending = slots ? await this.openChunk(slots - 1, true) : null;
    this.finished = ending !== null && (ending.length > 0 || slots === 1);
    if (this.finished) {
      this.last = slots - 1;
      this.size = this.last * CHUNK + ending.length;
      return;
    }
    let whole = Math.floor(this.stored / SEALED_CHUNK);
    while (whole && (await this.openChunk(whole - 1, false)) === null) whole -= 1;
    this.size = whole * CHUNK;
  }

  /** The clear bytes of chunk `index`. Raises SealedError when it does not authenticate. */
  async chunk(index) {
    if (this.recent[0] === index) return this.recent[1];
    const clear = await this.openChunk(index, this.finished && index === this.last);
    if (clear === null) throw new SealedError("altered", `Chunk ${index} of a sealed file was altered.`);
    this.recent = [index, clear];
    return clear;
  }

  /** Clear bytes `start` to `stop`, as far as they exist. */
  async readRange(start, stop) {
    const pieces = [];
    for (let at = start; at < Math.min(stop, this.size); ) {
      const index = Math.floor(at / CHUNK);
      const base = index * CHUNK;
      const clear = await this.chunk(index);
      pieces.push(clear.subarray(at - base, Math.min(stop, this.size) - base));
      at = base + CHUNK;
    }
    return pieces.length ? joined(pieces) : new Uint8Array();
  }

  async openChunk(index, final) {
    const at = this.start + index * SEALED_CHUNK;
    const sealed = await this.source.read(at, at + SEALED_CHUNK);
    if (sealed.length < TAG) return null;
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(7, index); // 2^32 chunks are 256 TiB
    nonce[11] = final ? 1 : 0;
    try {
      return chacha20poly1305(this.key, nonce).decrypt(sealed);
    } catch {
      return null;
    }
  }
}

/** A small finished age file in clear. Raises SealedError. */
export async function openBytes(data, identities) {
  const reader = await AgeReader.open(sourceOf(data), identities);
  if (!reader?.finished) throw new SealedError("altered", "A small sealed file has no end.");
  return reader.readRange(0, reader.size);
}

export const openText = async (data, identities) => text(await openBytes(data, identities));
