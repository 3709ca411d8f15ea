// Passkeys: asks the browser for one (`data-passkey="create"` or "get") and sends what it answers with its form.

async function answer(form) {
  const response = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail ?? form.dataset.failed);
  const json = await response.json();
  if (form.dataset.passkey === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
    return navigator.credentials.create({ publicKey });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(json) });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[data-problem]");
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    problem.textContent = form.dataset.unable;
    form.querySelector("button").disabled = true;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    problem.textContent = "";
    form.setAttribute("aria-busy", "true");
    try {
      form.elements.credential.value = JSON.stringify((await answer(form)).toJSON());
      form.submit();
    } catch (error) {
      problem.textContent = error.name === "NotAllowedError" ? form.dataset.cancelled : error.message;
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}
