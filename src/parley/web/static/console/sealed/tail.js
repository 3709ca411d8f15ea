// Journal tails: the frames that a crash left beside an unfinished age file.
//
// "parley-tail/1\n" | length u32 | wrapped frame key (an age file) | header hash 16 | frames. A frame: recording id 16 |
// part u16 | number u64 | offset u64 | length u32 | ciphertext and tag, AES-256-GCM; all numbers big-endian. Associated
// data: the 38 bytes before the ciphertext, then the header hash, so that a frame opens at its own place only.
import { openBytes } from "./age.js";
import { joined, number64, same, SealedError, utf8, viewOf } from "./bytes.js";

const MAGIC = utf8("parley-tail/1\n");
const [FRAME_HEADER, TAG, HASH, LARGEST_WRAPPED] = [38, 16, 16, 1 << 20];

/** What a tail file holds, or null where it is cut off inside its header. Raises SealedError. */
export function parseTail(data) {
  if (!same(data.subarray(0, MAGIC.length), MAGIC)) throw new SealedError("foreign", "This is no journal tail.");
  const start = MAGIC.length + 4;
  if (data.length < start) return null;
  const length = viewOf(data).getUint32(MAGIC.length);
  if (length > LARGEST_WRAPPED) throw new SealedError("altered", "A journal tail is malformed.");
  const framesAt = start + length + HASH;
  if (data.length < framesAt) return null;
  return {
    wrappedKey: data.subarray(start, start + length),
    headerHash: data.subarray(start + length, framesAt),
    frames: parseFrames(data.subarray(framesAt)),
  };
}

/** The frames in order, up to the first that is torn or cannot be one. */
function parseFrames(data) {
  const [frames, view] = [[], viewOf(data)];
  for (let at = 0; at + FRAME_HEADER <= data.length; ) {
    const length = view.getUint32(at + 34);
    const end = at + FRAME_HEADER + length;
    if (length < TAG || end > data.length) break;
    const offset = number64(view, at + 26);
    frames.push({
      recording: data.subarray(at, at + 16), number: data.subarray(at + 18, at + 26), offset,
      size: length - TAG, end: offset + length - TAG, raw: data.subarray(at, end),
    });
    at = end;
  }
  return frames;
}

/** The key that opens the frames of a tail. */
export async function frameKey(tail, identities) {
  const raw = await openBytes(tail.wrappedKey, identities);
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
}

/** The clear bytes of a frame, or null where it does not authenticate: it was torn, and the others stand. */
export async function openFrame(frame, key, headerHash) {
  const iv = new Uint8Array(12);
  iv.set(frame.number, 4);
  const additionalData = joined([frame.raw.subarray(0, FRAME_HEADER), headerHash]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, frame.raw.subarray(FRAME_HEADER)));
  } catch {
    return null;
  }
}
