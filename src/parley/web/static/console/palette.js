// Ctrl-K: go to a page, find the recordings of a number, change the theme, sign out. A listbox after the ARIA pattern.
const theme = (name) => () => {
  try { name ? localStorage.setItem("parley.theme", name) : localStorage.removeItem("parley.theme"); } catch { /* forbidden: this page only */ }
  if (name) document.documentElement.dataset.theme = name; else delete document.documentElement.dataset.theme;
};

function commands(list, typed) {
  const words = list.dataset;
  const places = [...document.querySelectorAll(".rail nav a")].map((a) => ({ name: a.textContent.trim(), run: () => location.assign(a.href) }));
  const actions = [
    { name: words.print, run: () => print() },
    { name: words.themeLight, run: theme("light") },
    { name: words.themeDark, run: theme("dark") },
    { name: words.themeSystem, run: theme("") },
    { name: words.signOut, run: () => document.querySelector(".person form").requestSubmit() },
  ];
  const wanted = typed.trim().toLowerCase();
  const found = [...places, ...actions].filter(({ name }) => name.toLowerCase().includes(wanted));
  if (words.search && /[0-9@]/.test(wanted)) {
    const url = `${words.search}?${new URLSearchParams({ number: typed.trim() })}`;
    found.unshift({ name: `${words.searchWords} ${typed.trim()}`, hint: "Enter", run: () => location.assign(url) });
  }
  return found;
}

/** Wires the dialog of the frame, when the page has one. */
export function bind() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const [input, list] = [dialog.querySelector("input"), dialog.querySelector("ul")];
  let [found, at] = [[], 0];

  const mark = () => {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    const current = list.children[at];
    if (current?.id) { input.setAttribute("aria-activedescendant", current.id); current.scrollIntoView({ block: "nearest" }); }
  };
  const draw = () => {
    [found, at] = [commands(list, input.value), 0];
    list.replaceChildren(...found.map(({ name, hint }, index) => {
      const item = document.createElement("li");
      item.id = `palette-${index}`;
      item.setAttribute("role", "option");
      item.append(name);
      if (hint) item.append(Object.assign(document.createElement("span"), { className: "hint", textContent: hint }));
      return item;
    }));
    if (!found.length) list.append(Object.assign(document.createElement("li"), { className: "quiet", textContent: list.dataset.nothing }));
    mark();
  };
  const open = () => { input.value = ""; draw(); dialog.showModal(); input.focus(); };
  const run = (index) => { const command = found[index]; if (command) { dialog.close(); command.run(); } };

  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) { at = (at + step + found.length) % found.length; mark(); event.preventDefault(); }
    if (event.key === "Enter") { event.preventDefault(); run(at); }
  });
  list.addEventListener("click", (event) => run([...list.children].indexOf(event.target.closest("[role=option]"))));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      dialog.open ? dialog.close() : open();
    }
  });
  for (const button of document.querySelectorAll("[data-palette]")) button.addEventListener("click", open);
}
