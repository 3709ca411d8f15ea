// The player of a recording: two lanes drawn from stored peaks, the sound streamed by ranges from the server.
import WaveSurfer from "../vendor/wavesurfer.js";
import Timeline from "../vendor/wavesurfer-timeline.js";

const LANE = 80;
const CHUNK = 4000; // columns of a lane: more than any screen is wide

const player = document.querySelector("[data-player]");
const part = (name) => player.querySelector(`[data-${name}]`);
const [audio, output, play] = [part("audio"), part("time"), part("play")];
const total = Number(player.dataset.seconds);

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return `${h ? `${h}:${String(m).padStart(2, "0")}` : m}:${String(s).padStart(2, "0")}`;
}

/** (min, max) pairs in -127..127 as the larger excursion of each column, at most CHUNK columns. */
function lane(pairs) {
  const count = pairs.length / 2;
  const step = Math.max(1, Math.ceil(count / CHUNK));
  const columns = [];
  for (let at = 0; at < count; at += step) {
    let [low, high] = [0, 0];
    for (let i = at; i < Math.min(count, at + step); i++) {
      low = Math.min(low, pairs[2 * i]);
      high = Math.max(high, pairs[2 * i + 1]);
    }
    columns.push((high >= -low ? high : low) / 127);
  }
  return columns.length ? columns : [0, 0];
}

/** A CSS colour as the page would use it: light-dark() and color-mix() are resolved by asking an element. */
function resolved(colour) {
  const probe = document.createElement("span");
  probe.style.color = colour;
  player.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

async function draw() {
  const response = await fetch(player.dataset.peaks, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail ?? `HTTP ${response.status}`);
  const peaks = await response.json();
  const lanes = [["--caller", peaks.caller], ["--callee", peaks.callee]];
  const wave = WaveSurfer.create({
    container: part("wave"), media: audio, duration: peaks.seconds, peaks: lanes.map(([, pairs]) => lane(pairs)),
    cspNonce: player.dataset.nonce, height: LANE, dragToSeek: true, cursorColor: resolved("var(--ink)"), cursorWidth: 1, normalize: false,
    splitChannels: lanes.map(([name]) => ({ height: LANE, waveColor: resolved(`color-mix(in srgb, var(${name}) 45%, var(--raised))`), progressColor: resolved(`var(${name})`), barWidth: 2, barGap: 1, barRadius: 1 })),
    plugins: [Timeline.create({ height: 24, formatTimeCallback: clock, secondaryLabelOpacity: 1, style: { color: resolved("var(--quiet)"), fontSize: "11px" } })],
  });
  part("loading").remove();
  return wave;
}

function seek(by) { audio.currentTime = Math.min(audio.duration || total, Math.max(0, audio.currentTime + by)); }
function toggle() { audio.paused ? audio.play().catch(fail) : audio.pause(); }
function fail(error) {
  const note = part("player-problem");
  note.hidden = false;
  note.textContent = error.message || String(error);
}

const shown = () => { output.textContent = `${clock(audio.currentTime)} / ${clock(Number.isFinite(audio.duration) ? audio.duration : total)}`; };
const pressed = () => {
  part("icon-play").hidden = !audio.paused;
  part("icon-pause").hidden = audio.paused;
  play.dataset.playWord ??= play.getAttribute("aria-label");
  play.setAttribute("aria-label", audio.paused ? play.dataset.playWord : play.dataset.pauseWord);
};
for (const name of ["timeupdate", "seeked", "loadedmetadata", "durationchange"]) audio.addEventListener(name, shown);
for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, pressed);
async function explain() {
  // The element says only that it failed: the server's own words are better.
  const answer = await fetch(audio.currentSrc || player.dataset.media, { headers: { Range: "bytes=0-0" } }).catch(() => null);
  fail(new Error((await answer?.json().catch(() => null))?.detail ?? "The sound cannot be played."));
}
audio.addEventListener("error", explain);
if (audio.error) explain(); // it may have failed before this module ran
play.addEventListener("click", toggle);
for (const button of player.querySelectorAll("[data-seek]")) button.addEventListener("click", () => seek(Number(button.dataset.seek)));
part("speed").addEventListener("change", (event) => { audio.playbackRate = Number(event.target.value); });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog, summary")) return;
  const stride = event.shiftKey ? 30 : 5;
  const deed = { " ": toggle, k: toggle, j: () => seek(-10), l: () => seek(10), ArrowLeft: () => seek(-stride), ArrowRight: () => seek(stride) }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!deed || (event.key === " " && event.target.closest("button, a"))) return;
  event.preventDefault();
  deed();
});

draw().catch((error) => { part("loading")?.remove(); fail(error); });
shown();
