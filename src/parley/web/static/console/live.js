// The live list: a server-sent event says that something changed, the page then asks for the rows it may see.
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
