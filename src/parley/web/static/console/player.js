// The player of a recording's page: both custodies, every segment of the conversation, in order.
import { Deck } from "./player/deck.js";
import { reasonGiven } from "./player/reason.js";
import { listStretches, stretchesOf } from "./player/stretches.js";
import { rendered, unsealed } from "./player/tracks.js";
import { clock, Wave } from "./player/wave.js";

const player = document.querySelector("[data-player]");
const part = (name) => player.querySelector(`[data-${name}]`);
const [output, play] = [part("time"), part("play")];
const segments = JSON.parse(document.getElementById("segments").textContent);
const speeds = [...part("speed").options].map((option) => Number(option.value));
const deck = new Deck(part("audio"));
let [tracks, wave, silences, opened, impatient] = [[], null, [], new Map(), false];

function fail(error) {
  part("loading")?.remove();
  const note = part("player-problem");
  note.hidden = false;
  note.textContent = error.message || String(error);
}

const doing = (deed) => (...given) => Promise.resolve(deed(...given)).catch(fail);
const seek = doing((seconds) => wave && deck.seek(seconds));
const step = (by) => seek(deck.time + by);
const toggle = doing(() => (wave ? deck.toggle() : (impatient = !impatient))); // pressed before it is ready: played then

function shown() {
  output.textContent = `${clock(deck.time)} / ${clock(deck.seconds || Number(player.dataset.seconds))}`;
  if (wave) wave.time = deck.time;
  part("icon-play").hidden = !deck.paused;
  part("icon-pause").hidden = deck.paused;
  play.dataset.playWord ??= play.getAttribute("aria-label");
  play.setAttribute("aria-label", deck.paused ? play.dataset.playWord : play.dataset.pauseWord);
  const silence = part("skip").checked && !deck.paused && silences.find(({ start, stop }) => deck.time >= start + 0.3 && deck.time < stop - 0.5);
  if (silence) seek(silence.stop - 0.3);
}

deck.addEventListener("change", shown);
deck.addEventListener("broken", async ({ detail }) => {
  // The element says only that it failed: the server's own words are better.
  const url = deck.audio.currentSrc;
  const answer = url.startsWith("http") ? await fetch(url, { headers: { Range: "bytes=0-0" } }).catch(() => null) : null;
  fail(new Error(detail?.message ?? (await answer?.json().catch(() => null))?.detail ?? "The sound cannot be played."));
});

/** Which segment a moment of the common time line belongs to, and the seconds from that segment's start. */
function momentOf(time) {
  const track = tracks.findLast(({ start }) => start <= time) ?? tracks[0];
  return { track, seconds: Math.max(0, time - track.start) };
}

/** Seconds from the first sound of a track to what was said, while the call ran, at an instant. */
const heardAt = (instant, { startsAt, seconds }) => Math.min(seconds, Math.max(0, instant - startsAt));

/** Links to such instants: only now, with the sound opened, is it known where they are. */
function placeLinks() {
  const own = tracks.find(({ segment }) => segment.current);
  for (const link of own ? document.querySelectorAll("a[data-instant]") : []) {
    const seconds = heardAt(Number(link.dataset.instant), own);
    link.dataset.moment = seconds.toFixed(1);
    link.hash = `t=${link.dataset.moment}`;
    link.textContent = clock(seconds);
  }
}

function marks() {
  const found = tracks.slice(1).map(({ start }) => ({ at: start, kind: "next", words: player.dataset.wordSegment }));
  for (const { segment, start, seconds, startsAt } of tracks) {
    for (const mark of segment.marks) {
      const at = mark.instant === null ? mark.at : heardAt(mark.instant, { startsAt, seconds });
      if (at <= seconds) found.push({ ...mark, at: start + at, words: mark.words || opened.get(mark.id) || player.dataset.wordSealed });
    }
  }
  return found;
}

async function begin() {
  await reasonGiven(player);
  if (player.dataset.custody === "customer-held") {
    const [{ openKeys }, { showRemarks, showSheet }] = await Promise.all([import("./player/keys.js"), import("./player/names.js")]);
    const ring = await openKeys(player);
    const told = (progress) => { part("loading").textContent = `${part("loading").dataset.words} ${Math.round(100 * progress)} %`; };
    tracks = await unsealed(segments, ring.secrets, told);
    await showSheet(tracks.find(({ segment }) => segment.current).described, ring.secrets, document);
    opened = await showRemarks(ring.secrets, document);
    part("recovered").hidden = !tracks.some(({ opened: { parts } }) => parts.some(({ finished }) => !finished));
    if (part("save")) part("save").hidden = false; // who may not download has none
  } else {
    tracks = await rendered(segments);
  }
  deck.set(tracks.flatMap(({ pieces }) => pieces));
  wave = new Wave(part("wave"), { seconds: deck.seconds, tracks, seek });
  wave.mark(marks(), seek);
  placeLinks();
  const stretches = stretchesOf(tracks, player.dataset);
  wave.cover(stretches);
  listStretches(part("stretches"), stretches, seek);
  silences = wave.silences();
  part("loading").remove();
  player.dataset.ready = "";
  await jump();
  if (impatient) await deck.play();
}

/** Goes to what the address asks for (#t=83.5, in seconds of this page's segment), else to the segment's start. */
async function jump() {
  const wanted = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
  const own = tracks.find(({ segment }) => segment.current) ?? tracks[0];
  await deck.seek(own.start + Math.min(own.seconds, Number(wanted?.[1] ?? 0)));
}

async function copyLink() {
  const { track, seconds } = momentOf(deck.time);
  const link = new URL(track.segment.page, location.href);
  link.hash = `t=${seconds.toFixed(1)}`;
  await navigator.clipboard.writeText(link.href);
  part("link").textContent = `${player.dataset.wordCopied} ✓`;
  if (track.segment.current) history.replaceState(null, "", link);
}

async function save() {
  const { track } = momentOf(deck.time);
  const sound = await track.opened.wav();
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(sound), download: track.segment.file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The moment that a note or a tag is about, in the form that keeps it. */
function fillMoment(form) {
  const { track, seconds } = momentOf(deck.time);
  if (!track?.segment.current) return;
  form.elements.moment.value = clock(seconds);
}

function faster(by) {
  const at = speeds.indexOf(deck.rate) + by;
  if (at < 0 || at >= speeds.length) return;
  deck.rate = speeds[at];
  part("speed").value = String(speeds[at]);
}

play.addEventListener("click", toggle);
part("link").addEventListener("click", doing(copyLink));
part("save")?.addEventListener("click", doing(save));
part("help-open").addEventListener("click", () => part("help").showModal());
part("speed").addEventListener("change", (event) => { deck.rate = Number(event.target.value); });
for (const button of player.querySelectorAll("[data-seek]")) button.addEventListener("click", () => step(Number(button.dataset.seek)));
for (const slider of player.querySelectorAll("[data-volume]")) slider.addEventListener("input", () => deck.volume(Number(slider.dataset.volume), slider.value / 100));
for (const button of document.querySelectorAll("[data-now]")) button.addEventListener("click", () => fillMoment(button.form));
for (const link of document.querySelectorAll("a[data-moment]")) {
  link.addEventListener("click", (event) => {
    const own = tracks.find(({ segment }) => segment.current);
    if (!own) return;
    event.preventDefault();
    seek(own.start + Number(link.dataset.moment));
  });
}
addEventListener("hashchange", doing(jump));

const KEYS = {
  " ": toggle, k: toggle, j: () => step(-10), l: () => step(10), ",": () => faster(-1), ".": () => faster(1),
  s: () => part("skip").click(), c: () => part("link").click(), n: () => document.querySelector("[data-note]")?.focus(),
  "?": () => part("help").showModal(), Home: () => seek(0), End: () => seek(deck.seconds),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), select, textarea, dialog, summary")) return;
  const stride = event.shiftKey ? 30 : 5;
  const arrows = { ArrowLeft: () => step(-stride), ArrowRight: () => step(stride) };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const deed = arrows[key] ?? KEYS[key] ?? (/^[0-9]$/.test(key) ? () => seek((deck.seconds * Number(key)) / 10) : null);
  if (!deed || (key === " " && event.target.closest("button, a, [type=checkbox]"))) return;
  event.preventDefault();
  deed();
});

begin().catch(fail);
shown();
