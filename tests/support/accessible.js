// Asked of a page by tests/support/accessible.py, beside axe-core: each function returns a line for each thing wrong.
(() => {
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const OTHERWISE = "dialog, form, label, body, [role=listbox]"; // listen to clicks within them, or have keys of their own
  const short = (one) => one.outerHTML.slice(0, 160);
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

  async function rules(tags) {
    for (const one of document.querySelectorAll("details")) { one.removeAttribute("name"); one.open = true; }
    do await drawn(); while (document.querySelector(".htmx-request, [aria-busy=true]")); // what opening fetched is here
    const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"], elementRef: false });
    return found.violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, html, any, all, none }) => {
      const why = [...any, ...all, ...none].map((one) => one.message).join(" ").slice(0, 240);
      return `${id} (${impact}): ${target.join(" ")}: ${html.slice(0, 160)}: ${why}`;
    }));
  }

  function wide() {
    const room = document.documentElement.clientWidth;
    const needed = document.documentElement.scrollWidth;
    if (needed <= room) return [];
    const inScroller = (one) => {
      for (let at = one.parentElement; at; at = at.parentElement) if (getComputedStyle(at).overflowX !== "visible") return true;
      return false;
    };
    const over = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > room + 1);
    return [`wider than the window, ${needed} of ${room} px: ${over.filter((one) => !inScroller(one)).slice(-2).map(short)}`];
  }

  // What shows the focus of a control: itself, its label, the row of its table, the shape or the words beside or in it.
  function look(one) {
    return [one, one.closest("tr, label"), one.nextElementSibling, ...one.children].filter(Boolean).map((each) => {
      const s = getComputedStyle(each);
      return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor, s.stroke, s.strokeWidth];
    }).join();
  }

  function focus(within) {
    const wrong = [];
    for (const one of document.querySelector(within).querySelectorAll(CONTROLS)) {
      if (one.matches(":disabled") || !one.checkVisibility({ visibilityProperty: true })) continue;
      document.activeElement.blur();
      const before = look(one);
      one.focus({ focusVisible: true, preventScroll: true });
      if (document.activeElement !== one) wrong.push(`takes no focus: ${short(one)}`);
      else if (look(one) === before) wrong.push(`shows no focus: ${short(one)}`);
    }
    document.activeElement.blur();
    return wrong;
  }

  const deaf = () => [...clickable]
    .filter((one) => one.isConnected && !one.matches(CONTROLS) && !one.matches(OTHERWISE))
    .map((one) => `is clicked, and no key reaches it: ${short(one)}`);

  window.accessible = { rules, wide, focus, deaf };
})();
