// Where the sound of a page's segments comes from: renditions of the server, or sealed parts that are opened here.
const PIECE = 300; // seconds of a sealed call that are decoded at a time

export class Refused extends Error {
  constructor(problem, status) {
    super(problem.detail ?? `HTTP ${status}`);
    this.id = problem.error_id;
  }
}

export async function fetched(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Refused(await response.json().catch(() => ({})), response.status);
  return response.json();
}

/** The tracks of segments that the server renders, in order. */
export async function rendered(segments) {
  let start = 0;
  const tracks = [];
  for (const segment of segments) {
    const peaks = await fetched(segment.peaks);
    tracks.push({
      segment, start, seconds: peaks.seconds, perPeak: peaks.seconds_per_peak, lanes: [peaks.caller, peaks.callee],
      startsAt: segment.starts_at, exact: peaks.zero_is_silence,
      pieces: [{ start, seconds: peaks.seconds, load: async () => [segment.media, true] }],
    });
    start += peaks.seconds;
  }
  return tracks;
}

/** The tracks of sealed segments, opened with `secrets`. `progress(0..1)` hears how far all are. */
export async function unsealed(segments, secrets, progress) {
  const { SealedRecording } = await import("../sealed/recording.js");
  let start = 0;
  const tracks = [];
  for (const [number, segment] of segments.entries()) {
    const described = await fetched(segment.sealed);
    const opened = await SealedRecording.open(described, secrets, { progress: (part) => progress((number + part) / segments.length) });
    tracks.push({
      segment, opened, described, start, seconds: opened.seconds, perPeak: 0.02, lanes: opened.peaks, pieces: piecesOf(opened, start),
      startsAt: opened.startsAt, exact: true,
    });
    start += opened.seconds;
  }
  return tracks;
}

function piecesOf(opened, start) {
  return Array.from({ length: Math.ceil(opened.seconds / PIECE) }, (_, number) => {
    const [from, to] = [number * PIECE, Math.min(opened.seconds, (number + 1) * PIECE)];
    return { start: start + from, seconds: to - from, load: async () => [URL.createObjectURL(await opened.piece(from, to)), false] };
  });
}
