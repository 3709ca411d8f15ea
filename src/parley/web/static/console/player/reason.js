// Why somebody listens, asked before the first sound where the customer's rule says so.

/** Resolves when a reason was given, or none is asked for. */
export async function reasonGiven(player) {
  const dialog = document.querySelector("[data-reason]");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  dialog.showModal();
  await new Promise((done) => {
    dialog.addEventListener("cancel", (event) => ("optional" in dialog.dataset ? done() : event.preventDefault()));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (event.submitter?.dataset.without !== undefined) return done();
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (answer.ok) return done();
      const told = await answer.json().catch(() => ({}));
      const note = dialog.querySelector("[data-said]");
      note.textContent = told.remedy ?? told.detail ?? `HTTP ${answer.status}`;
      note.hidden = false;
      return undefined;
    });
  });
  dialog.close();
  player.querySelector("[data-play]").focus();
}
