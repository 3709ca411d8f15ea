// A capture read as columns: nanosecond pcap, raw IP, UDP, RTP; about 4 MB at a time, whole records only.
import { joined, SealedError, viewOf } from "./bytes.js";

const [FILE_HEADER, RECORD_HEADER, RTP_HEADER] = [24, 16, 12];
const [MAGIC_NANOSECONDS, LINKTYPE_RAW, LARGEST_FRAME] = [0xa1b23c4d, 101, 1 << 18];
const STEP = 64 * 1024;
export const BLOCK = 4 << 20;

/** Yields { part, start, stop, data }: whole records, each block at its place in its part; a torn end is left out. */
export async function* blocks(parts, size = BLOCK) {
  for (const [number, part] of parts.entries()) {
    let [start, first] = [0, true];
    for (let stop = 0; stop < part.size; ) {
      const pieces = [];
      stop = start;
      do {
        pieces.push(await part.readRange(stop, (Math.floor(stop / STEP) + 1) * STEP));
        stop += pieces.at(-1).length;
      } while (stop - start < size && stop < part.size);
      const data = joined(pieces);
      if (first) checkHeader(data);
      const from = first ? FILE_HEADER : 0;
      const end = lastRecordEnd(data, from);
      if (end > from) yield { part: number, start: start + from, stop: start + end, data: data.subarray(from, end) };
      first = false;
      start += end;
    }
  }
}

const notACapture = () => new SealedError("foreign", "The original does not hold a capture that Parley wrote.");

function checkHeader(data) {
  if (data.length < FILE_HEADER) throw notACapture();
  const view = viewOf(data);
  if (view.getUint32(0, true) !== MAGIC_NANOSECONDS || view.getUint32(20, true) !== LINKTYPE_RAW) throw notACapture();
}

function lastRecordEnd(data, from) {
  const view = viewOf(data);
  let at = from;
  while (at + RECORD_HEADER <= data.length) {
    const length = view.getUint32(at + 8, true);
    if (length > LARGEST_FRAME) throw notACapture();
    if (at + RECORD_HEADER + length > data.length) break;
    at += RECORD_HEADER + length;
  }
  return at;
}

/** Columns of some packets; arrival in nanoseconds after the second `base`. */
export class Packets {
  constructor(data, rows) {
    this.data = data;
    this.count = rows.length;
    for (const name of ["arrival", "sequence", "timestamp", "ssrc", "type", "offset", "length"]) {
      this[name] = Float64Array.from(rows, (row) => row[name]);
    }
  }
}

/** The RTP packets of a block by local port (ascending), those that `wanted(port, type)` names and that hold anything. */
export function packetsByPort(data, base, wanted) {
  const [rows, view] = [new Map(), viewOf(data)];
  for (let at = 0; at < data.length; ) {
    const frame = at + RECORD_HEADER;
    const end = frame + view.getUint32(at + 8, true);
    const packet = rtpPacket(data, view, frame, end);
    if (packet && wanted(packet.port, packet)) {
      packet.arrival = (view.getUint32(at, true) - base) * 1e9 + view.getUint32(at + 4, true);
      if (!rows.has(packet.port)) rows.set(packet.port, []);
      rows.get(packet.port).push(packet);
    }
    at = end;
  }
  return new Map([...rows].sort(([a], [b]) => a - b).map(([port, found]) => [port, new Packets(data, found)]));
}

function rtpPacket(data, view, frame, end) {
  const four = data[frame] >> 4 === 4;
  const udp = frame + (four ? (data[frame] & 0xf) * 4 : 40);
  const rtp = udp + 8;
  if (rtp + RTP_HEADER > end || data[frame + (four ? 9 : 6)] !== 17 || data[rtp] >> 6 !== 2) return null;
  let offset = rtp + RTP_HEADER + 4 * (data[rtp] & 0x0f); // after the contributing sources
  if (data[rtp] & 0x10 && offset + 4 <= end) offset += 4 + 4 * view.getUint16(offset + 2); // after the extension
  let stop = end;
  if (data[rtp] & 0x20 && stop > offset) stop -= data[stop - 1]; // before the padding
  return {
    port: view.getUint16(udp + 2), type: data[rtp + 1] & 0x7f, sequence: view.getUint16(rtp + 2),
    timestamp: view.getUint32(rtp + 4), ssrc: view.getUint32(rtp + 8), offset, length: stop - offset,
  };
}
