// The live list, and the page of one call: a server-sent event says that something changed, the page then asks for what
// it may see.
import { clock } from "./player/wave.js";

const live = document.getElementById("live");
const state = document.getElementById("stream-state");
const source = new EventSource(live.dataset.events, { withCredentials: true });
let waiting = 0;

function showState(open) {
  state.textContent = open ? state.dataset.open : state.dataset.closed;
  state.className = `state ${open ? "kept" : "due"}`;
}

source.addEventListener("open", () => showState(true));
source.addEventListener("error", () => showState(false));
source.addEventListener("live", () => {
  // Many calls may start in one second: one request a second is enough.
  if (!waiting) waiting = setTimeout(() => { waiting = 0; htmx.trigger(live, "parley:live"); }, 1000);
});
addEventListener("pagehide", () => source.close());

/** A remark is of the moment at which somebody begins to write it, by the server's clock as it was told to the page. */
const form = document.querySelector("[data-remark-form]");
if (form?.dataset.elapsed) {
  const { moment, text, whole } = form.elements;
  const opened = performance.now();
  text.addEventListener("input", () => {
    if (!text.value) moment.value = "";
    else if (!moment.value && !whole.checked) moment.value = clock((Number(form.dataset.elapsed) + performance.now() - opened) / 1000);
  });
  whole.addEventListener("change", () => { moment.value = ""; });
}
if (form) {
  // The page leads to the recording, unless something stands in the form that would be lost.
  live.addEventListener("htmx:afterSwap", () => {
    const recording = live.querySelector("[data-recording]");
    if (recording && !form.elements.text.value) location.assign(recording.href);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "n" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), select, textarea, dialog")) return;
    event.preventDefault();
    form.elements.text.focus();
  });
}
