// The pin of the event can be dragged, or moved by the arrow keys; the page then asks the server again.
const PIXELS_A_DAY = 6;
const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 30, PageDown: -30 };
const lang = document.documentElement.lang || "en";
let drag = null;

const field = (pin) => document.getElementById(pin.dataset.field);

/** The value of a datetime-local field, `days` later: calendar days, the same time of day. */
function moved(value, days) {
  const at = new Date(`${value}Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 16);
}

function ask(pin, days) {
  if (!days) return;
  const input = field(pin);
  input.value = moved(input.value.slice(0, 16), days);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("pointerdown", (event) => {
  const pin = event.target.closest("#event-pin");
  if (!pin || event.button) return;
  event.preventDefault();
  pin.focus();
  pin.setPointerCapture(event.pointerId);
  drag = { pin, from: event.clientX, days: 0 };
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const across = event.clientX - drag.from;
  drag.days = Math.round(across / PIXELS_A_DAY);
  drag.pin.setAttribute("transform", `translate(${drag.days * PIXELS_A_DAY} 0)`);
  const day = new Date(`${moved(field(drag.pin).value.slice(0, 16), drag.days)}Z`);
  const words = day.toLocaleDateString(lang === "en" ? "en-GB" : lang, { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  drag.pin.querySelector(".moved").textContent = words;
  drag.pin.setAttribute("aria-valuetext", words);
});

for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => {
    if (!drag) return;
    const { pin, days } = drag;
    drag = null;
    if (end === "pointerup") ask(pin, days);
    if (end === "pointercancel" || !days) pin.removeAttribute("transform");
  });
}

document.addEventListener("keydown", (event) => {
  const pin = event.target.closest?.("#event-pin");
  if (!pin || !(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  ask(pin, KEYS[event.key]);
});
