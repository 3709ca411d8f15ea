// A recorded call: measured in one pass, then decoded a window at a time, so that memory does not grow with its length.
import { CONTEXT, conceal } from "./concealment.js";
import { DECODERS, RATE } from "./g711.js";
import { blocks, packetsByPort } from "./pcap.js";
import { SealedError, viewOf } from "./bytes.js";
import { GRID, LEFT_OUT, origin, StreamTimeline } from "./timeline.js";

const LARGEST_PACKET = RATE;
const STATIC_TYPES = [[0, "PCMU"], [8, "PCMA"], [13, "CN"]]; // RFC 3551 section 6, as far as it concerns us
export const PEAK = GRID; // samples of one column of the waveform (20 ms)
const SILENCE = 8; // what the octets that stand for silence decode to, at most: 0xFF in mu-law, 0xD5 in A-law
const LEAD = 60 * (RATE / PEAK); // columns before the origin that a stream which began earlier may take

/** A measured call: `samples` in all, the first at `startsAt` (Unix seconds); `peaks` per channel, (min, max) of each 20 ms in -127..127. */
export class Call {
  /**
   * Reads `parts` (opened) once. `streams` is [{ port, side, payload_types: [{ number, name }] }].
   * `progress(bytes)` hears of each block.
   */
  static async measure(parts, streams, { progress = () => {} } = {}) {
    const call = new Call();
    call.parts = parts;
    call.codecs = new Map(streams.map((stream) => [stream.port, codecNames(stream)]));
    call.channels = channelsOf(streams);
    call.index = []; // a row for each block: where it lies, and the position of each of its packets
    await call.survey(progress);
    return call;
  }

  async survey(progress) {
    let waiting = null;
    for await (const block of blocks(this.parts)) {
      this.base ??= block.data.length ? viewOf(block.data).getUint32(0, true) : undefined;
      const ports = packetsByPort(block.data, this.base, (port, packet) => this.heard(port, packet));
      if (waiting) this.place(waiting, ports);
      waiting = { ...block, ports };
      progress(block.stop - block.start);
    }
    if (waiting) this.place(waiting, new Map());
    if (!this.index.length) throw new SealedError("foreign", "No sound that can be played was received in this call.");
    this.first = Math.min(...this.index.map((row) => row.low));
    this.samples = Math.max(...this.index.map((row) => row.high)) - this.first;
    this.startsAt = this.base + this.origin / 1e9 + this.first / RATE;
    this.peaks = this.foldedPeaks();
  }

  heard(port, packet) {
    const name = this.codecs.get(port)?.get(packet.type);
    return (name in DECODERS || name === "CN") && packet.length > 0 && packet.length <= LARGEST_PACKET;
  }

  /** Gives the packets of a block their positions and keeps those, not the packets. */
  place({ part, start, stop, ports }, ahead) {
    if (!ports.size) return;
    if (this.origin === undefined) {
      this.origin = origin([...ports.values()].reduce((a, b) => (b.arrival[0] < a.arrival[0] ? b : a)));
      this.timelines = new Map();
    }
    const row = { part, start, stop, low: Infinity, high: -Infinity, positions: new Map(), peaks: [] };
    for (const [port, packets] of ports) {
      if (!this.timelines.has(port)) this.timelines.set(port, new StreamTimeline(this.origin));
      const placed = this.timelines.get(port).place(packets, ahead.get(port));
      row.positions.set(port, Int32Array.from(placed, (at) => (at === LEFT_OUT ? -0x80000000 : at)));
      placed.forEach((at, index) => {
        if (at === LEFT_OUT) return;
        row.low = Math.min(row.low, at);
        row.high = Math.max(row.high, at + packets.length[index]);
      });
      this.gatherPeaks(port, packets, placed);
    }
    if (row.high > row.low) this.index.push(row);
  }

  gatherPeaks(port, packets, placed) {
    const channel = this.channels.get(port);
    for (let index = 0; index < packets.count; index++) {
      const decoder = DECODERS[this.codecs.get(port).get(packets.type[index])];
      const column = LEAD + Math.floor(placed[index] / PEAK);
      if (!decoder || column < 0) continue;
      const pairs = this.roomFor(channel, column);
      for (let at = 0; at < packets.length[index]; at++) {
        const exact = decoder[packets.data[packets.offset[index] + at]];
        const sample = Math.abs(exact) <= SILENCE ? 0 : exact > 0 ? Math.max(1, exact >> 8) : exact >> 8; // zero is silence alone
        if (sample < pairs[2 * column]) pairs[2 * column] = sample;
        if (sample > pairs[2 * column + 1]) pairs[2 * column + 1] = sample;
      }
    }
  }

  /** The columns of a channel, as (least, greatest) in -128..127, with room for `column`. */
  roomFor(channel, column) {
    this.columns ??= [new Int8Array(1 << 16), new Int8Array(1 << 16)];
    if (this.columns[channel].length <= 2 * column + 1) {
      const wider = new Int8Array(4 * (column + 1));
      wider.set(this.columns[channel]);
      this.columns[channel] = wider;
    }
    return this.columns[channel];
  }

  foldedPeaks() {
    const from = 2 * (LEAD + Math.floor(this.first / PEAK));
    const folded = [0, 1].map((channel) => {
      const pairs = new Int8Array(2 * Math.ceil(this.samples / PEAK));
      pairs.set(this.roomFor(channel, 0).subarray(from, from + pairs.length));
      return pairs;
    });
    this.columns = null;
    return folded;
  }

  /** Samples `start` to `stop` of both channels: [caller, called], losses concealed. */
  async window(start, stop) {
    const [from, to] = [start - CONTEXT, Math.min(stop, this.samples)];
    const lanes = new Map([...this.codecs.keys()].map((port) => [port, { sound: new Int16Array(to - from), known: new Uint8Array(to - from) }]));
    for (const row of this.index) {
      if (row.high - this.first <= from || row.low - this.first >= to) continue;
      const data = await this.parts[row.part].readRange(row.start, row.stop);
      for (const [port, packets] of packetsByPort(data, this.base, (each, packet) => this.heard(each, packet))) {
        this.write(lanes.get(port), packets, row.positions.get(port), this.codecs.get(port), from + this.first);
      }
    }
    const channels = [new Int16Array(to - start), new Int16Array(to - start)];
    for (const [port, { sound, known }] of lanes) mix(channels[this.channels.get(port)], conceal(sound, known).subarray(CONTEXT));
    return channels;
  }

  write(lane, packets, positions, codecs, base) {
    const order = Array.from({ length: packets.count }, (_, index) => index);
    // Comfort noise first: where both claim the same moment, speech wins.
    const rank = (index) => (codecs.get(packets.type[index]) === "CN" ? -1 : packets.type[index]);
    order.sort((a, b) => rank(a) - rank(b) || packets.length[a] - packets.length[b] || a - b);
    for (const index of order) {
      const decoder = DECODERS[codecs.get(packets.type[index])];
      const [at, length] = [positions[index] - base, decoder ? packets.length[index] : GRID];
      const [from, to] = [Math.max(0, -at), Math.min(length, lane.sound.length - at)];
      if (positions[index] === -0x80000000 || from >= to) continue;
      for (let step = from; step < to; step++) lane.sound[at + step] = decoder ? decoder[packets.data[packets.offset[index] + step]] : 0;
      lane.known.fill(1, at + from, at + to);
    }
  }
}

function mix(into, sound) {
  for (let at = 0; at < into.length; at++) into[at] = Math.max(-32768, Math.min(32767, into[at] + sound[at]));
}

function codecNames(stream) {
  return new Map([...STATIC_TYPES, ...(stream.payload_types ?? []).map(({ number, name }) => [number, name.toUpperCase()])]);
}

/** Port -> 0 (caller) or 1 (called); a stream of neither side takes the side that nobody has. */
function channelsOf(streams) {
  const chosen = new Map();
  for (const { port, side } of streams) if (side === "caller" || side === "callee") chosen.set(port, side === "caller" ? 0 : 1);
  for (const { port } of streams) if (!chosen.has(port)) chosen.set(port, [...chosen.values()].includes(0) ? 1 : 0);
  return chosen;
}

