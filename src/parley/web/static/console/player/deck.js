// Plays a conversation that lies in pieces, one after the other, through one audio element.
//
// A piece is { start, seconds, load }: where it begins on the common time line, how long it is, and what gives the address
// of its sound, [url, kept]: an address that is not kept is forgotten when the next but one piece is loaded.

const NEAR = 0.05; // seconds: the end of a piece as far as a media element reaches it

export class Deck extends EventTarget {
  constructor(audio) {
    super();
    this.audio = audio;
    this.pieces = [];
    this.at = -1;
    this.loaded = new Map();
    this.wanted = false;
    for (const name of ["timeupdate", "seeked", "play", "pause", "durationchange"]) audio.addEventListener(name, () => this.tell("change"));
    audio.addEventListener("ended", () => this.ended());
    audio.addEventListener("error", () => this.tell("broken"));
  }

  set(pieces) {
    this.pieces = pieces;
    this.seconds = pieces.length ? pieces.at(-1).start + pieces.at(-1).seconds : 0;
  }

  get time() {
    return (this.pending ?? (this.at < 0 ? 0 : this.pieces[this.at].start + this.audio.currentTime));
  }

  get paused() {
    return this.audio.paused && !this.wanted;
  }

  async play() {
    this.wanted = true;
    if (this.time >= this.seconds - NEAR) await this.seek(0);
    else if (this.at < 0) await this.seek(this.time);
    if (this.wanted) await this.audio.play().finally(() => { this.wanted = false; });
  }

  pause() {
    this.wanted = false;
    this.audio.pause();
  }

  toggle() {
    return this.paused ? this.play() : this.pause();
  }

  set rate(rate) {
    this.audio.defaultPlaybackRate = this.audio.playbackRate = rate;
    this.tell("change");
  }

  get rate() {
    return this.audio.playbackRate;
  }

  /** Goes to a moment of the common time line, and goes on playing if it played. */
  async seek(seconds) {
    const time = Math.min(Math.max(0, seconds), this.seconds);
    const index = Math.max(0, this.pieces.findLastIndex((piece) => piece.start <= time));
    const playing = !this.audio.paused || this.wanted;
    this.pending = time;
    this.tell("change");
    if (index !== this.at) {
      const url = await this.address(index);
      if (this.pending !== time) return; // somebody went elsewhere meanwhile
      this.at = index;
      if (this.audio.src !== new URL(url, location.href).href) this.audio.src = url;
    }
    const inside = Math.min(time - this.pieces[index].start, this.pieces[index].seconds);
    if (this.audio.readyState >= 1) this.audio.currentTime = inside;
    else this.audio.addEventListener("loadedmetadata", () => { this.audio.currentTime = inside; }, { once: true });
    this.pending = undefined;
    if (playing && this.audio.paused) await this.audio.play();
    this.tell("change");
    if (index + 1 < this.pieces.length) this.address(index + 1).catch(() => {}); // ready when it is due
  }

  async ended() {
    if (this.at + 1 >= this.pieces.length) return this.tell("change");
    this.wanted = true;
    await this.seek(this.pieces[this.at + 1].start).catch((error) => this.tell("broken", error));
    this.wanted = false;
    return undefined;
  }

  async address(index) {
    if (!this.loaded.has(index)) this.loaded.set(index, this.pieces[index].load());
    try {
      const [url] = await this.loaded.get(index);
      for (const [other, loading] of this.loaded) {
        if (Math.abs(other - index) <= 1) continue;
        this.loaded.delete(other);
        loading.then(([old, kept]) => kept || URL.revokeObjectURL(old), () => {});
      }
      return url;
    } catch (error) {
      this.loaded.delete(index);
      throw error;
    }
  }

  /** Loudness of a side (0 caller, 1 called), 0..1. Before anybody asks, the element plays straight. */
  volume(side, value) {
    if (!this.gains) {
      const context = new AudioContext();
      const [split, merge] = [context.createChannelSplitter(2), context.createChannelMerger(2)];
      context.createMediaElementSource(this.audio).connect(split);
      this.gains = [0, 1].map((channel) => {
        const gain = context.createGain();
        split.connect(gain, channel);
        gain.connect(merge, 0, channel);
        return gain;
      });
      merge.connect(context.destination);
      context.resume();
    }
    this.gains[side].gain.value = value;
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
