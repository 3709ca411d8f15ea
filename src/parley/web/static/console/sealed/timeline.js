// Where on the recording's time line each packet belongs: the rules of the server's renderer (rendition/timeline.py), so
// that what a browser plays is what the server would have made. A run keeps the spacing of its RTP time stamps and is
// anchored on arrival once: at its start, at a new SSRC, where the sender's clock stepped, where it paused.
import { RATE } from "./g711.js";

export const LEFT_OUT = -(2 ** 62);
export const GRID = 160;
const NANOSECONDS_PER_SAMPLE = 1e9 / RATE;
const [TOLERANCE, PAUSE, SETTLING, LOOK_AHEAD, STEADY] = [RATE / 4, RATE / 2, 10, 250, 1000];
const [LARGEST_SKEW, MAX_SOURCES] = [300e-6, 64];

/** Gives packets of one stream their position in samples from `origin` (ns), a block at a time. */
export class StreamTimeline {
  constructor(origin) {
    this.origin = origin;
    this.sources = new Map();
    this.end = LEFT_OUT;
  }

  /** Positions of `packets`; `ahead` is what arrives next, if known: only looked at, to tell a pause from a stall. */
  place(packets, ahead) {
    const positions = new Float64Array(packets.count).fill(LEFT_OUT);
    const ends = positions.slice();
    for (const [ssrc, mine] of bySource(packets)) {
      const known = this.sources.get(ssrc);
      if (!known && this.sources.size >= MAX_SOURCES) continue;
      const run = new Run(packets, mine, ahead, ssrc, this.origin);
      const end = Math.max(this.end, greatest(ends, 0, mine[0]));
      const placed = this.placeSource(ssrc, run, mine.length, known, end);
      mine.forEach((index, at) => {
        positions[index] = placed[at];
        ends[index] = placed[at] + packets.length[index];
      });
    }
    this.end = Math.max(this.end, greatest(ends, 0, ends.length));
    return positions;
  }

  placeSource(ssrc, run, count, known, end) {
    const position = new Float64Array(run.count);
    position[0] = known ? known.position + known.skew + signed(run.timestamp[0] - known.timestamp, 32) : 0;
    for (let at = 1; at < run.count; at++) position[at] = position[at - 1] + signed(run.timestamp[at] - run.timestamp[at - 1], 32);
    let anchored = known ? -1 : 0;
    for (const index of breaks(run, position, known)) {
      if (index >= count) break;
      if (!misplaced(run, position, index, known)) continue;
      let reached = end;
      for (let at = 0; at < index; at++) reached = Math.max(reached, position[at] + run.length[at]);
      const by = anchor(run, position, index, reached) - position[index];
      for (let at = index; at < run.count; at++) position[at] += by;
      anchored = index;
    }
    const { steady, skew } = follow(run, position, count, anchored, known?.steady ?? null);
    const last = count - 1;
    this.sources.set(ssrc, {
      sequence: run.sequence[last], timestamp: run.timestamp[last], length: run.length[last],
      arrival: run.arrival[last], position: position[last], steady, skew,
    });
    return position.subarray(0, count);
  }
}

/** The columns that placing needs, of one source: the packets to place, then those ahead; arrival in samples. */
class Run {
  constructor(packets, mine, ahead, ssrc, origin) {
    const later = [];
    for (let at = 0; ahead && at < ahead.count && later.length < LOOK_AHEAD; at++) if (ahead.ssrc[at] === ssrc) later.push(at);
    this.count = mine.length + later.length;
    const column = (name) => Float64Array.from([...mine.map((at) => packets[name][at]), ...later.map((at) => ahead[name][at])]);
    [this.sequence, this.timestamp, this.length] = [column("sequence"), column("timestamp"), column("length")];
    this.arrival = column("arrival").map((instant) => Math.floor((instant - origin) / NANOSECONDS_PER_SAMPLE));
  }
}

/** The instant (ns) of a stream's first sample, judged by the least delayed of its first packets. */
export function origin(packets) {
  let [earliest, spoken, before, seen] = [Infinity, 0, packets.timestamp[0], 0];
  for (let at = 0; at < packets.count && seen < SETTLING; at++) {
    if (packets.ssrc[at] !== packets.ssrc[0]) continue;
    spoken += signed(packets.timestamp[at] - before, 32) * NANOSECONDS_PER_SAMPLE;
    before = packets.timestamp[at];
    seen += 1;
    if (Math.abs(spoken) < SETTLING * 10 * GRID * NANOSECONDS_PER_SAMPLE) earliest = Math.min(earliest, packets.arrival[at] - spoken);
  }
  return earliest;
}

/** Indexes at which a new anchor may be due: few in any sane stream. */
function breaks(run, position, known) {
  const found = [];
  let before = known ?? {
    sequence: run.sequence[0] - 1, timestamp: run.timestamp[0] - run.length[0], length: run.length[0],
    arrival: run.arrival[0], position: position[0],
  };
  for (let at = 0; at < run.count; at++) {
    const steps = signed(run.sequence[at] - before.sequence, 16);
    const advance = signed(run.timestamp[at] - before.timestamp, 32);
    const linear = advance === steps * before.length || advance === steps * run.length[at];
    const delayed = run.arrival[at] - before.arrival - (position[at] - before.position) > PAUSE;
    if (!linear || delayed || (at === 0 && !known)) found.push(at);
    before = {
      sequence: run.sequence[at], timestamp: run.timestamp[at], length: run.length[at], arrival: run.arrival[at], position: position[at],
    };
  }
  return found;
}

/** The stretch that later delays are compared with, and by how many samples the sender's clock has run away since. */
function follow(run, position, count, anchored, steady) {
  const delay = (from, to) => {
    let least = Infinity;
    for (let at = from; at < to; at++) least = Math.min(least, run.arrival[at] - position[at]);
    return least;
  };
  if (anchored >= 0) {
    const found = count - anchored >= STEADY ? { delay: delay(anchored, anchored + STEADY), since: run.arrival[anchored] } : null;
    return { steady: found, skew: 0 };
  }
  if (count < STEADY) return { steady, skew: 0 };
  const [least, since] = [delay(count - STEADY, count), run.arrival[count - STEADY]];
  if (!steady) return { steady: { delay: least, since }, skew: 0 };
  const gone = least - steady.delay;
  if (Math.abs(gone) < 2 * GRID || Math.abs(gone) > LARGEST_SKEW * (since - steady.since)) return { steady, skew: 0 };
  return { steady, skew: toGrid(gone) };
}

/** The position that arrivals give the packet at `index`: on the grid, never over sound that is there already. */
function anchor(run, position, index, end) {
  let least = Infinity;
  for (let at = index; at < Math.min(index + SETTLING, run.count); at++) least = Math.min(least, run.arrival[at] - position[at]);
  const snapped = toGrid(least + position[index]);
  return snapped <= end + GRID ? end : snapped;
}

/** Whether the packet at `index` and those after it contradict the arrival times. */
function misplaced(run, position, index, known) {
  if (!index && !known) return true;
  const before = index
    ? { length: run.length[index - 1], timestamp: run.timestamp[index - 1], sequence: run.sequence[index - 1] }
    : known;
  const reference = index ? run.arrival[index - 1] - position[index - 1] : known.arrival - known.position;
  const steps = signed(run.sequence[index] - before.sequence, 16);
  const advance = signed(run.timestamp[index] - before.timestamp, 32);
  const delay = (span) => {
    let least = Infinity;
    for (let at = index; at < Math.min(index + span, run.count); at++) least = Math.min(least, run.arrival[at] - position[at] - reference);
    return least;
  };
  if (advance === steps * before.length || advance === steps * run.length[index]) return delay(LOOK_AHEAD) > PAUSE;
  return Math.abs(delay(SETTLING)) > TOLERANCE;
}

/** The shortest way round a counter of `bits` bits. */
function signed(difference, bits) {
  const [half, whole] = [2 ** (bits - 1), 2 ** bits];
  return ((((difference + half) % whole) + whole) % whole) - half;
}

/** The nearest multiple of GRID; halfway, the even one. */
function toGrid(samples) {
  const steps = samples / GRID;
  const down = Math.floor(steps);
  const up = steps - down > 0.5 || (steps - down === 0.5 && down % 2 !== 0);
  return (down + (up ? 1 : 0)) * GRID;
}

function bySource(packets) {
  const found = new Map();
  for (let at = 0; at < packets.count; at++) {
    const mine = found.get(packets.ssrc[at]);
    if (mine) mine.push(at);
    else found.set(packets.ssrc[at], [at]);
  }
  return found;
}

function greatest(values, from, to) {
  let most = LEFT_OUT;
  for (let at = from; at < to; at++) most = Math.max(most, values[at]);
  return most;
}
