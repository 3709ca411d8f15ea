// Choosing lines of the list: boxes, x on the line that has the focus, all of the page, all that match; buttons say so.
const boxes = () => [...document.querySelectorAll("[data-choose] input[name=line]")];

function tell() {
  const form = document.querySelector("[data-choose]");
  if (!form) return;
  const chosen = boxes().filter((box) => box.checked).length;
  const counted = form.querySelector("[data-counted]");
  const everything = form.querySelector("input[data-everything]")?.checked;
  counted.textContent = everything ? counted.dataset.everything : chosen ? `${chosen} ${counted.dataset.counted}` : "";
  for (const button of form.querySelectorAll("button[name=deed]")) button.disabled = !chosen && !everything;
  for (const box of boxes()) box.disabled = Boolean(everything);
  const all = form.querySelector("[data-all]");
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
  all.disabled = Boolean(everything);
}

document.addEventListener("change", (event) => {
  if (!event.target.closest("[data-choose]")) return;
  if (event.target.matches("[data-all]")) for (const box of boxes()) box.checked = event.target.checked;
  tell();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = event.target.closest("[data-rows] tr")?.querySelector("input[name=line]");
  if (!box || event.target.matches("input")) return;
  event.preventDefault();
  if (box.disabled) return;
  box.checked = !box.checked;
  tell();
});

document.addEventListener("htmx:afterSwap", tell);
addEventListener("pageshow", tell);
