// A sealed recording, for the page: opened in a worker, played and saved a window at a time.
import { SealedError } from "./bytes.js";
import { RATE } from "./g711.js";
import { wavHeader } from "./wav.js";

const SAVED = 300 * RATE; // samples that one step of a download decodes

export class SealedRecording {
  /** Opens what REST describes at /sealed. `progress(0..1)` hears how far it is. Raises SealedError. */
  static async open(recording, secrets, { query = "use=play", progress = () => {} } = {}) {
    const opened = new SealedRecording();
    opened.waiting = new Map();
    opened.worker = new Worker(new URL("opener.js", import.meta.url), { type: "module" });
    opened.worker.onmessage = ({ data }) => ("progress" in data ? progress(data.progress) : opened.answered(data));
    opened.worker.onerror = () => opened.fail(new SealedError("broken", "The reader of sealed recordings could not start in this browser."));
    try {
      Object.assign(opened, await opened.ask("open", { recording, secrets, query }));
    } catch (error) {
      opened.close();
      throw error;
    }
    opened.seconds = opened.samples / RATE;
    return opened;
  }

  /** A playable WAVE file of the seconds `start` to `stop`. */
  async piece(start, stop) {
    const order = { start: Math.round(start * RATE), stop: Math.min(this.samples, Math.round(stop * RATE)), headed: true };
    return new Blob([await this.ask("window", order)], { type: "audio/wav" });
  }

  /** The whole call as a WAVE file, decoded step by step. */
  async wav(progress = () => {}) {
    const pieces = [wavHeader(this.samples)];
    for (let start = 0; start < this.samples; start += SAVED) {
      pieces.push(new Blob([await this.ask("window", { start, stop: Math.min(this.samples, start + SAVED), headed: false })]));
      progress(start / this.samples);
    }
    return new Blob(pieces, { type: "audio/wav" });
  }

  close() {
    this.worker.terminate();
  }

  ask(deed, order) {
    const number = (this.asked = (this.asked ?? 0) + 1);
    const answer = new Promise((done, fail) => this.waiting.set(number, { done, fail }));
    this.worker.postMessage({ number, deed, order });
    return answer;
  }

  answered({ number, result, error }) {
    const { done, fail } = this.waiting.get(number);
    this.waiting.delete(number);
    if (!error) return done(result);
    const refused = new SealedError(error.kind, error.message);
    refused.id = error.id;
    return fail(refused);
  }

  fail(error) {
    for (const { fail } of this.waiting.values()) fail(error);
    this.waiting.clear();
  }
}
