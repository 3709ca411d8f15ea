// Times in which a side was on hold, muted or not recorded: what the server knows of them, and what the lanes show.
import { clock } from "./wave.js";

const LEAST = 2; // seconds for which a side sends nothing, while the other goes on, before that is called muted
const OFTEN = 6; // times, and one more a minute: a side that does it oftener suppresses silence while it listens, and is not muted

/** All of them on the common time line, in order: [{ track, at, stop, kind, lane, label, words }]. `words`: of the page. */
export function stretchesOf(tracks, words) {
  return tracks.flatMap((track) => {
    const told = track.segment.stretches.map((one) => ({ ...one, track, ...bounded(track, one.from - track.startsAt, one.till - track.startsAt) }));
    const seen = track.exact ? [0, 1].flatMap((lane) => muted(track, lane, told, words)) : [];
    return [...told, ...seen].filter(({ at, stop }) => stop > at).sort((a, b) => a.at - b.at);
  });
}

function bounded({ start, seconds }, from, till) {
  const [at, stop] = [from, till].map((one) => start + Math.min(seconds, Math.max(0, one)));
  return { at, stop };
}

/** When `lane` carries nothing and the other something, except where it is known why. */
function muted(track, lane, told, words) {
  const [mine, other] = [track.lanes[lane], track.lanes[1 - lane]];
  const count = Math.max(mine.length, other.length) / 2;
  const explained = new Uint8Array(count + 1);
  for (const one of told) {
    if (one.lane === 1 - lane) continue;
    explained.fill(1, Math.floor((one.at - track.start) / track.perPeak), Math.ceil((one.stop - track.start) / track.perPeak) + 1);
  }
  const heard = (pairs, at) => Boolean(pairs[2 * at] || pairs[2 * at + 1]);
  const found = [];
  let [from, beside] = [-1, false];
  for (let at = 0; at <= count; at++) {
    const quiet = at < count && !explained[at] && !heard(mine, at);
    if (quiet && from < 0) [from, beside] = [at, false];
    if (quiet) beside ||= heard(other, at);
    if (quiet || from < 0) continue;
    if (beside && (at - from) * track.perPeak >= LEAST) {
      const said = lane ? words.wordMuteCallee : words.wordMuteCaller;
      found.push({ track, kind: "mute", lane, label: words.wordMute, words: said, ...bounded(track, from * track.perPeak, at * track.perPeak) });
    }
    from = -1;
  }
  return found.length > OFTEN + track.seconds / 60 ? [] : found;
}

/** The same in words, each a link to its beginning. */
export function listStretches(list, stretches, seek) {
  list.hidden = !stretches.length;
  list.querySelector("ol").replaceChildren(...stretches.map(({ track, at, stop, kind, words }) => {
    const item = Object.assign(document.createElement("li"), { className: kind });
    const link = Object.assign(document.createElement("a"), { className: "mono", textContent: `${clock(at)} – ${clock(stop)}` });
    link.href = `${track.segment.current ? "" : track.segment.page}#t=${(at - track.start).toFixed(1)}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      seek(at);
    });
    item.append(link, Object.assign(document.createElement("span"), { textContent: words }));
    return item;
  }));
}
