// What is heard where packets were lost: the last pitch period, fading out in 60 ms (after G.711 Appendix I).

const [LONGEST, HISTORY, TEMPLATE, SHORTEST_PITCH, LONGEST_PITCH] = [480, 320, 80, 40, 160];
export const CONTEXT = LONGEST + HISTORY; // samples before a window that concealment inside it may depend on

/** A copy of `samples` in which gaps of `known` (0 where lost) go on as the sound before them did. */
export function conceal(samples, known) {
  const sound = samples.slice();
  for (let start = HISTORY; start < known.length; start++) {
    if (known[start] || !known[start - 1]) continue;
    const pitch = pitchBefore(samples, start);
    for (let at = 0; at < LONGEST && start + at < known.length && !known[start + at]; at++) {
      const fade = Math.min(1, (LONGEST - at) / (LONGEST - 80));
      sound[start + at] = Math.trunc(samples[start - pitch + (at % pitch)] * fade);
    }
  }
  return sound;
}

/** The lag (samples) at which the sound before `start` is most like itself. */
function pitchBefore(samples, start) {
  let [best, most] = [SHORTEST_PITCH, -Infinity];
  const template = start - TEMPLATE;
  for (let lag = SHORTEST_PITCH; lag <= LONGEST_PITCH; lag++) {
    let [likeness, energy] = [0, 0];
    for (let at = 0; at < TEMPLATE; at++) {
      const candidate = samples[template - lag + at];
      likeness += candidate * samples[template + at];
      energy += candidate * candidate;
    }
    const score = likeness / Math.sqrt(energy + 1);
    if (score > most) [best, most] = [lag, score];
  }
  return best;
}
