// What every page does: times in the reader's zone, rows by keyboard, the command palette, copy buttons.
import { show as showTimes } from "./times.js";
import { bind as bindPalette } from "./palette.js";

const typing = (target) => target.closest("input, select, textarea, [contenteditable]");

/** Moves the focus by `step` rows in the list of the page; false when there is no list. */
function moveRow(step) {
  const rows = [...document.querySelectorAll("[data-rows] a.row")];
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))].focus();
  return true;
}

function say(words) {
  document.querySelector(".said")?.remove();
  const note = Object.assign(document.createElement("div"), { className: "said", textContent: words });
  note.setAttribute("role", "status");
  document.body.append(note);
  setTimeout(() => note.remove(), 2500);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target) || event.target.closest("dialog, [data-player]")) return;
  if (document.querySelector("[data-player]") && event.key.startsWith("Arrow")) return;
  if (event.key === "/") {
    const box = document.querySelector("[data-search-box]");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  } else if (event.key === "ArrowDown" || event.key === "j") {
    if (moveRow(1)) event.preventDefault();
  } else if (event.key === "ArrowUp" || event.key === "k") {
    if (moveRow(-1)) event.preventDefault();
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
  say(button.textContent.trim() + " ✓");
});

// Back to the list keeps the filters and the place in it, when the reader came from there.
document.addEventListener("click", (event) => {
  const back = event.target.closest("[data-back]");
  if (back && document.referrer && new URL(document.referrer).pathname === new URL(back.href).pathname && history.length > 1) {
    event.preventDefault();
    history.back();
  }
});

// Empty filters stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  const { parameters, elt } = event.detail;
  if (elt.matches("[data-filters]")) for (const [name, value] of Object.entries(parameters)) if (value === "") delete parameters[name];
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-filters]")) for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
});
document.addEventListener("htmx:beforeRequest", (event) => event.detail.target?.setAttribute("aria-busy", "true"));
document.addEventListener("htmx:afterRequest", (event) => {
  event.detail.target?.removeAttribute("aria-busy");
  for (const field of event.detail.elt.elements ?? []) field.disabled = false;
  if (event.detail.xhr.status === 401 || event.detail.xhr.status === 403) location.reload();
});
document.addEventListener("htmx:afterSwap", () => showTimes(document));
addEventListener("pageshow", () => { for (const form of document.querySelectorAll("[data-filters]")) for (const field of form.elements) field.disabled = false; });

showTimes(document);
bindPalette();
