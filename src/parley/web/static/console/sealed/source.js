// Where sealed bytes come from. A source has a `size` and gives `read(start, stop)`.
import { sha256 } from "../../vendor/modules/@noble/hashes/sha2.js";
import { hex, joined, SealedError } from "./bytes.js";

const GATHERED = 4 << 20; // bytes that become a blob of their own: the browser may lay it on disk, sealed as it is

const AHEAD = 1 << 20; // bytes read at once: each reading of a blob costs the same, however small it is

export class BlobSource {
  constructor(blob) {
    this.blob = blob;
    this.size = blob.size;
    this.held = { start: 0, bytes: new Uint8Array() };
  }

  async read(start, stop) {
    const end = Math.min(stop, this.size);
    if (start >= end) return new Uint8Array();
    if (start < this.held.start || end > this.held.start + this.held.bytes.length) {
      const bytes = new Uint8Array(await this.blob.slice(start, Math.max(end, start + AHEAD)).arrayBuffer());
      this.held = { start, bytes };
    }
    return this.held.bytes.subarray(start - this.held.start, end - this.held.start);
  }
}

export const sourceOf = (bytes) => new BlobSource(new Blob([bytes]));

/**
 * Fetches a sealed file once and keeps it, still sealed, as a blob. `sha256` (hexadecimal) is what the evidence says:
 * anything else is refused. `progress(bytes)` hears of each piece.
 */
export async function fetchSealed(url, { sha256: expected = "", progress = () => {} } = {}) {
  const response = await fetch(url, { cache: "no-store" }).catch(() => {
    throw new SealedError("offline", "The sealed file could not be fetched. Check the connection, then try again.");
  });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    const error = new SealedError("refused", problem.detail ?? `The sealed file could not be fetched (HTTP ${response.status}).`);
    error.id = problem.error_id;
    throw error;
  }
  const [digest, blobs, reader] = [sha256.create(), [], response.body.getReader()];
  let [waiting, held] = [[], 0];
  for (let got = await reader.read(); !got.done; got = await reader.read()) {
    digest.update(got.value);
    waiting.push(got.value);
    held += got.value.length;
    progress(got.value.length);
    if (held >= GATHERED) {
      blobs.push(new Blob([joined(waiting)]));
      [waiting, held] = [[], 0];
    }
  }
  if (expected && hex(digest.digest()) !== expected) {
    throw new SealedError("altered", "The file that arrived is not the one in the evidence: its hash differs. Nothing was opened.");
  }
  return new BlobSource(new Blob([...blobs, ...waiting]));
}
