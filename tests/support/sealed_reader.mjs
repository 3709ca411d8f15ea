// Opens a recording as the console's page does, in Node: order as JSON on standard input, answer as JSON on standard output.
import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";

const order = JSON.parse(await new Promise((done) => { let all = ""; process.stdin.on("data", (some) => (all += some)).on("end", () => done(all)); }));
const load = (name) => import(`${order.modules}/${name}.js`);
const [{ Identities }, { openPart }, { Call }, { wavHeader, interleaved }, { BlobSource }] = await Promise.all(["age", "part", "call", "wav", "source"].map(load));

try {
  const identities = new Identities(order.identities);
  const source = async (path) => (path ? new BlobSource(await openAsBlob(path)) : null);
  const parts = [];
  for (const [age, tail] of order.parts) parts.push(await openPart({ age: await source(age), tail: await source(tail) }, identities, order.recording));
  const call = await Call.measure(parts, order.streams);
  const step = order.step ?? call.samples;
  const pieces = [wavHeader(call.samples)];
  for (let at = 0; at < call.samples; at += step) pieces.push(interleaved(await call.window(at, Math.min(at + step, call.samples))));
  await writeFile(order.wav, Buffer.concat(pieces));
  const told = parts.map(({ size, finished, recovered, refused }) => ({ size, finished, recovered, refused }));
  console.log(JSON.stringify({ samples: call.samples, parts: told, loudest: call.peaks.map((pairs) => pairs.reduce((a, b) => Math.max(a, b), 0)), heap: process.memoryUsage().rss }));
} catch (error) {
  console.log(JSON.stringify({ error: error.kind ?? String(error.stack), message: error.message }));
}
