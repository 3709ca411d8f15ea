// RIFF WAVE: PCM, 16 bit, stereo, 8 kHz; caller left, called right.
import { RATE } from "./g711.js";

const [CHANNELS, WIDTH] = [2, 2];

/** The 44 bytes before `samples` stereo samples. */
export function wavHeader(samples) {
  const size = Math.min(samples * CHANNELS * WIDTH, 0xffffffff - 36);
  const view = new DataView(new ArrayBuffer(44));
  const word = (at, letters) => [...letters].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  word(0, "RIFF"), view.setUint32(4, size + 36, true), word(8, "WAVEfmt "), view.setUint32(16, 16, true);
  view.setUint16(20, 1, true), view.setUint16(22, CHANNELS, true), view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * CHANNELS * WIDTH, true), view.setUint16(32, CHANNELS * WIDTH, true), view.setUint16(34, 8 * WIDTH, true);
  word(36, "data"), view.setUint32(40, size, true);
  return new Uint8Array(view.buffer);
}

/** Two channels as the little-endian pairs of a WAVE file. */
export function interleaved([left, right]) {
  const view = new DataView(new ArrayBuffer(left.length * CHANNELS * WIDTH));
  for (let at = 0; at < left.length; at++) {
    view.setInt16(4 * at, left[at], true);
    view.setInt16(4 * at + 2, right[at], true);
  }
  return new Uint8Array(view.buffer);
}
