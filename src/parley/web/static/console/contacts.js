// The list of contacts: from the search box the arrow goes down into the rows, Enter opens the first of them.
document.addEventListener("keydown", (event) => {
  const box = event.target.closest("[data-search-rows]");
  if (!box || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const first = document.querySelector("[data-rows] a.row");
  const waiting = document.querySelector("#results[aria-busy=true]");
  if (event.key === "ArrowDown" && first) {
    event.preventDefault();
    first.focus();
  } else if (event.key === "Enter" && first && box.value && !waiting) {
    event.preventDefault();
    first.click();
  } else if (event.key === "Escape" && box.value) {
    event.preventDefault();
    box.value = "";
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
