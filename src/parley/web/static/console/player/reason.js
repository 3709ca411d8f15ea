// Why somebody listens, asked before the first sound where the customer's policy says so.

/** Resolves when a reason was given, or none is asked for. */
export async function reasonGiven(player) {
  const dialog = document.querySelector("[data-reason]");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  dialog.showModal();
  await new Promise((done) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form, event.submitter) });
      if (answer.ok) return done();
      const told = await answer.json().catch(() => ({}));
      const note = dialog.querySelector("[data-said]");
      note.textContent = told.detail ?? `HTTP ${answer.status}`;
      note.hidden = false;
      return undefined;
    });
    dialog.addEventListener("cancel", (event) => event.preventDefault());
  });
  dialog.close();
  player.querySelector("[data-play]").focus();
}
