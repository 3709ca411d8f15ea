// The waveform of a conversation: a lane per side, what was played in full colour, marks above, a ruler below.

const LANE = 80;
const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return `${h ? `${h}:${String(m).padStart(2, "0")}` : m}:${String(s).padStart(2, "0")}`;
}

/** tracks: [{ start, seconds, perPeak, lanes: [caller, called] }], lanes as (least, greatest) pairs in -127..127. */
export class Wave {
  constructor(host, { seconds, tracks, seek }) {
    this.host = host;
    this.seconds = seconds;
    this.tracks = tracks;
    const made = (name, tag = "div") => host.appendChild(Object.assign(document.createElement(tag), { className: name }));
    this.canvases = [made("drawn", "canvas"), made("drawn played", "canvas")];
    this.stretches = made("marks");
    this.marks = made("marks");
    this.ruler = made("ruler");
    this.cursor = made("cursor");
    Object.assign(host, { tabIndex: 0, role: "slider" });
    host.setAttribute("aria-valuemin", "0");
    host.setAttribute("aria-valuemax", String(Math.round(seconds)));
    const go = (event) => {
      const box = host.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * this.seconds);
    };
    host.addEventListener("pointerdown", (event) => {
      if (event.button || event.target.closest("button")) return;
      host.setPointerCapture(event.pointerId);
      go(event);
    });
    host.addEventListener("pointermove", (event) => host.hasPointerCapture(event.pointerId) && go(event));
    new ResizeObserver(() => this.draw()).observe(host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  draw() {
    const [width, ratio] = [this.host.clientWidth, devicePixelRatio || 1];
    if (!width) return;
    const columns = this.columns(Math.floor(width / 3));
    for (const [at, canvas] of this.canvases.entries()) {
      [canvas.width, canvas.height] = [width * ratio, 2 * LANE * ratio];
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      for (const [lane, name] of ["--caller", "--callee"].entries()) {
        pen.fillStyle = this.resolved(at ? `var(${name})` : `color-mix(in srgb, var(${name}) 45%, var(--raised))`);
        for (const [column, [low, high]] of columns[lane].entries()) {
          const half = Math.max(0.5, (Math.max(-low, high) / 127) * (LANE / 2 - 4));
          pen.fillRect(column * 3, lane * LANE + LANE / 2 - half, 2, 2 * half);
        }
      }
    }
    this.rule(width);
  }

  /** (least, greatest) of each of `count` columns, per lane. */
  columns(count) {
    const lanes = [0, 1].map(() => Array.from({ length: count }, () => [0, 0]));
    for (const track of this.tracks) {
      for (const [lane, pairs] of track.lanes.entries()) {
        for (let at = 0; at < pairs.length / 2; at++) {
          const column = lanes[lane][Math.min(count - 1, Math.floor(((track.start + at * track.perPeak) / this.seconds) * count))];
          column[0] = Math.min(column[0], pairs[2 * at]);
          column[1] = Math.max(column[1], pairs[2 * at + 1]);
        }
      }
    }
    return lanes;
  }

  rule(width) {
    const step = TICKS.find((tick) => (tick / this.seconds) * width >= 64) ?? TICKS.at(-1);
    this.ruler.replaceChildren();
    for (let at = 0; at < this.seconds; at += step) {
      const label = Object.assign(document.createElement("span"), { textContent: clock(at) });
      label.style.left = this.place(at);
      if ((at / this.seconds) * width < width - 40) this.ruler.append(label);
    }
  }

  place(seconds) {
    return `${(100 * seconds) / this.seconds}%`;
  }

  set time(seconds) {
    const part = Math.min(1, seconds / this.seconds);
    this.canvases[1].style.clipPath = `inset(0 ${100 * (1 - part)}% 0 0)`;
    this.cursor.style.left = `${100 * part}%`;
    this.host.setAttribute("aria-valuenow", String(Math.round(seconds)));
    this.host.setAttribute("aria-valuetext", clock(seconds));
  }

  /** marks: [{ at, kind, words }], pins to go to. */
  mark(marks, seek) {
    this.marks.replaceChildren(...marks.map(({ at, kind, words }) => {
      const mark = Object.assign(document.createElement("button"), { className: `mark ${kind}`, title: words, type: "button" });
      mark.style.left = this.place(at);
      mark.setAttribute("aria-label", `${clock(at)} ${words}`);
      mark.addEventListener("click", () => seek(at));
      return mark;
    }));
  }

  /** stretches: [{ at, stop, kind, lane, label, words }], drawn behind the pins: over one lane, or (null) over both. */
  cover(stretches) {
    this.stretches.replaceChildren(...stretches.map(({ at, stop, kind, lane, label, words }) => {
      const band = Object.assign(document.createElement("div"), { className: `stretch ${kind}${lane === null ? "" : ` lane-${lane}`}`, title: words });
      [band.style.left, band.style.width] = [this.place(at), this.place(stop - at)];
      band.append(Object.assign(document.createElement("span"), { textContent: label }));
      return band;
    }));
  }

  /** Stretches of at least `least` seconds in which neither side is heard: [{ start, stop }]. */
  silences(least = 1.5) {
    const found = [];
    for (const { start, perPeak, lanes: [one, other] } of this.tracks) {
      let from = -1;
      const count = Math.max(one.length, other.length) / 2;
      for (let at = 0; at <= count; at++) {
        const loud = at === count || [one, other].some((pairs) => Math.max(-(pairs[2 * at] ?? 0), pairs[2 * at + 1] ?? 0) > 2);
        if (!loud && from < 0) from = at;
        if (!loud || from < 0) continue;
        if ((at - from) * perPeak >= least) found.push({ start: start + from * perPeak, stop: start + at * perPeak });
        from = -1;
      }
    }
    return found;
  }

  /** A CSS colour as the page would use it: light-dark() and color-mix() are resolved by asking an element. */
  resolved(colour) {
    this.cursor.style.color = colour;
    const value = getComputedStyle(this.cursor).color;
    this.cursor.style.color = "";
    return value;
  }
}
