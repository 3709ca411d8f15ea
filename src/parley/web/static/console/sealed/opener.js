// Opens recordings in a thread of their own, so that a long call does not freeze the page. Clear sound leaves it only as
// the window that is asked for.
import { Identities } from "./age.js";
import { fetchSealed } from "./source.js";
import { Call } from "./call.js";
import { openPart } from "./part.js";
import { interleaved, wavHeader } from "./wav.js";

const deeds = { open, window: windowOf };
let call;

self.addEventListener("message", async ({ data: { number, deed, order } }) => {
  try {
    const { result, transfer = [] } = await deeds[deed](order);
    self.postMessage({ number, result }, transfer);
  } catch (error) {
    self.postMessage({ number, error: { kind: error.kind ?? "broken", message: error.message, id: error.id } });
  }
});

/** order: { secrets, recording: what REST answers to /sealed, query: of each part }. Fetches, verifies, measures. */
async function open({ secrets, recording, query }) {
  const identities = new Identities(secrets);
  const whole = recording.parts.reduce((sum, part) => sum + part.size, 0);
  let [fetched, measured] = [0, 0];
  const tell = () => self.postMessage({ progress: Math.min(1, (fetched + measured) / (2 * whole)) });
  const files = new Map();
  for (const part of recording.parts) {
    const source = await fetchSealed(`${part.url}?${query}`, { sha256: part.sha256, progress: (bytes) => { fetched += bytes; tell(); } });
    const stem = part.name.replace(/\.\w+$/, "");
    files.set(stem, { ...files.get(stem), [part.kind]: source });
  }
  const opened = [];
  for (const [, pair] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) opened.push(await openPart(pair, identities, recording.id));
  call = await Call.measure(opened, recording.streams, { progress: (bytes) => { measured += bytes; tell(); } });
  const [caller, callee] = call.peaks;
  const parts = opened.map(({ finished, recovered, refused }) => ({ finished, recovered, refused }));
  return { result: { samples: call.samples, startsAt: call.startsAt, peaks: [caller, callee], parts }, transfer: [caller.buffer, callee.buffer] };
}

/** order: { start, stop, headed }: samples as the bytes of a WAVE file, with its header or without. */
async function windowOf({ start, stop, headed }) {
  const bytes = interleaved(await call.window(start, stop));
  if (!headed) return { result: bytes, transfer: [bytes.buffer] };
  const whole = new Uint8Array(await new Blob([wavHeader(stop - start), bytes]).arrayBuffer());
  return { result: whole, transfer: [whole.buffer] };
}
