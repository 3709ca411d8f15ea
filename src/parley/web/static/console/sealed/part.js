// One part of an original: every chunk that authenticates, and where one does not, the frames of the tail that cover it.
import { AgeReader, CHUNK } from "./age.js";
import { joined, same, SealedError, uuid } from "./bytes.js";
import { frameKey, openFrame, parseTail } from "./tail.js";

/** The content of a part: `size` bytes, `finished` when its writer ended it, `recovered` of them from the tail. */
export class OpenedPart {
  constructor(reader, pieces, refused = 0) {
    this.reader = reader;
    this.pieces = pieces;
    this.refused = refused;
    this.finished = reader?.finished ?? false;
    this.size = pieces.length ? pieces.at(-1).stop : 0;
    this.recovered = pieces.reduce((sum, piece) => sum + (piece.frame ? piece.stop - piece.start : 0), 0);
  }

  async readRange(start, stop) {
    const found = [];
    for (const piece of this.pieces) {
      if (piece.start >= stop || piece.stop <= start) continue;
      const [from, to] = [Math.max(start, piece.start), Math.min(stop, piece.stop)];
      found.push(piece.frame ? piece.frame.subarray(from - piece.offset, to - piece.offset) : await this.reader.readRange(from, to));
    }
    return found.length ? joined(found) : new Uint8Array();
  }
}

/** Opens a part from the sources of its age file and its tail (either may be missing). Raises SealedError. */
export async function openPart({ age, tail }, identities, recordingId) {
  const reader = age ? await AgeReader.open(age, identities) : null;
  if (reader?.finished) return new OpenedPart(reader, reader.size ? [{ start: 0, stop: reader.size }] : []);
  const whole = reader ? await wholeChunks(reader) : new Set();
  const { frames, refused } = tail ? await openTail(tail, reader, whole, identities, recordingId) : { frames: [], refused: 0 };
  return new OpenedPart(reader, join(whole, frames), refused);
}

async function wholeChunks(reader) {
  const whole = new Set();
  for (let index = 0; index < reader.size / CHUNK; index++) {
    if ((await reader.openChunk(index, false)) !== null) whole.add(index);
  }
  return whole;
}

/** The frames that no sealed chunk makes superfluous, and how many of them were refused. */
async function openTail(source, reader, whole, identities, recordingId) {
  const tail = parseTail(await source.read(0, source.size));
  if (!tail) return { frames: [], refused: 0 };
  if (reader && !same(reader.headerHash, tail.headerHash)) throw new SealedError("foreign", "A journal tail belongs to another part.");
  const id = uuid(recordingId);
  if (!tail.frames.every((frame) => same(frame.recording, id))) throw new SealedError("foreign", "A journal tail belongs to another recording.");
  const key = await frameKey(tail, identities);
  const frames = [];
  let refused = 0;
  for (const frame of tail.frames) {
    if (!frame.size || covered(frame, whole)) continue;
    const content = await openFrame(frame, key, tail.headerHash);
    if (content) frames.push({ offset: frame.offset, content });
    else refused += 1;
  }
  return { frames, refused };
}

function covered(frame, whole) {
  for (let index = Math.floor(frame.offset / CHUNK); index * CHUNK < frame.end; index++) if (!whole.has(index)) return false;
  return true;
}

/** The pieces from byte 0 to the first byte that neither a chunk nor a frame holds. A chunk goes before a frame. */
function join(whole, frames) {
  const waiting = frames.toSorted((a, b) => b.offset - a.offset);
  const pieces = [];
  let held = { offset: 0, content: new Uint8Array() }; // of all frames that begin before the position, the furthest
  for (let position = 0; ; ) {
    while (waiting.length && waiting.at(-1).offset <= position) {
      const candidate = waiting.pop();
      if (candidate.offset + candidate.content.length > held.offset + held.content.length) held = candidate;
    }
    const chunkEnd = (Math.floor(position / CHUNK) + 1) * CHUNK;
    if (whole.has(Math.floor(position / CHUNK))) {
      if (pieces.length && !pieces.at(-1).frame) pieces.at(-1).stop = chunkEnd;
      else pieces.push({ start: position, stop: chunkEnd });
      position = chunkEnd;
    } else if (position < held.offset + held.content.length) {
      const stop = Math.min(held.offset + held.content.length, chunkEnd);
      pieces.push({ start: position, stop, frame: held.content, offset: held.offset });
      position = stop;
    } else return pieces;
  }
}
