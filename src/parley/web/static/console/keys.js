// The page of keys where the customer holds them: made, brought, saved, proven and forgotten in this browser alone.
import { Identities, openText } from "./sealed/age.js";
import { unbase64 } from "./sealed/bytes.js";
import { keyFile, Keyring, makeKey, secretsIn } from "./sealed/keyring.js";

const panel = document.querySelector("[data-keyring]");
const part = (name) => panel.querySelector(`[data-${name}]`);
const current = panel.dataset.recipients.split(" ");
const former = panel.dataset.former.split(" ").filter(Boolean);
export const ring = await Keyring.of(panel.dataset.customer);
const saved = new Set();

function say(words, kind = "") {
  const note = part("said");
  note.textContent = words;
  note.className = `note ${kind}`;
  note.hidden = !words;
}

/** Runs what a button does; a failure is said beside it. */
function doing(name, deed) {
  part(name).addEventListener("click", async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    say("");
    try {
      await deed(button);
    } catch (error) {
      say(error.message, "late");
    }
    button.disabled = false;
    await show();
  });
}

async function show() {
  const stored = await ring.stored().catch(() => false);
  const list = part("list");
  list.replaceChildren(...ring.recipients.map((recipient, at) => line(recipient, ring.secrets[at])));
  part("none").hidden = ring.secrets.length > 0;
  part("with-keys").hidden = !ring.secrets.length;
  part("locked").hidden = !stored || ring.secrets.length > 0;
  part("stored").hidden = !stored;
  part("unstored").hidden = stored || !ring.secrets.length;
  part("prove").hidden = !ring.recipients.some((recipient) => current.includes(recipient));
  panel.dataset.ready = "";
}

function line(recipient, secret) {
  const item = part("line").content.cloneNode(true).firstElementChild;
  const use = current.includes(recipient) ? "current" : former.includes(recipient) ? "former" : "other";
  item.querySelector("[data-recipient]").textContent = recipient;
  for (const word of item.querySelectorAll("[data-use]")) word.hidden = word.dataset.use !== use;
  item.querySelector("[data-unsaved]").hidden = use !== "other" || saved.has(recipient);
  item.querySelector("[data-save]").addEventListener("click", async () => {
    const link = Object.assign(document.createElement("a"), {
      href: URL.createObjectURL(new Blob([await keyFile(secret)], { type: "text/plain" })),
      download: `${panel.dataset.handle}-${recipient.slice(-8)}.key.txt`,
    });
    link.click();
    URL.revokeObjectURL(link.href);
    saved.add(recipient);
    await show();
  });
  return item;
}

// Enter in a form does what its button does, and never leaves the page.
for (const form of panel.querySelectorAll("form[data-here]")) {
  form.addEventListener("submit", (event) => { event.preventDefault(); form.querySelector("button").click(); });
}

doing("make", async () => {
  await ring.hold([await makeKey()]);
  say(panel.dataset.saidMade);
});
doing("bring", async () => {
  await ring.hold(secretsIn(part("pasted").value));
  part("pasted").value = "";
});
part("file").addEventListener("change", async ({ target }) => {
  try {
    await ring.hold((await Promise.all([...target.files].map((file) => file.text()))).flatMap(secretsIn));
    say("");
  } catch (error) {
    say(error.message, "late");
  }
  target.value = "";
  await show();
});
doing("unlock", async () => {
  await ring.unlock(part("passphrase").value);
  part("passphrase").value = "";
});
doing("store", async () => {
  const [first, again] = [part("new-passphrase"), part("same-passphrase")];
  if (first.value.length < 12) throw new Error(panel.dataset.saidShort);
  if (first.value !== again.value) throw new Error(panel.dataset.saidDifferent);
  await ring.store(first.value);
  first.value = again.value = "";
  say(panel.dataset.saidStored);
});
doing("discard", async () => { await ring.discard(); });
doing("forget", async () => { await ring.forget(); });

async function post(fields) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const answer = await fetch(panel.dataset.drill, { method: "POST", body });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.detail ?? `HTTP ${answer.status}`);
  return told;
}

// A word is sealed to each key at the server, opened here, and said: the key stays.
doing("prove", async () => {
  const held = ring.recipients.flatMap((recipient, at) => (current.includes(recipient) ? [[recipient, ring.secrets[at]]] : []));
  for (const [recipient, secret] of held) {
    const { challenge, sealed } = await post({ recipient });
    const word = await openText(unbase64(sealed), new Identities([secret]));
    await post({ challenge, word });
  }
  location.reload();
});

const rotation = document.querySelector("[data-rotation]");
document.querySelector("[data-take]")?.addEventListener("click", () => {
  const unsaved = ring.recipients.filter((one) => !current.includes(one) && !former.includes(one) && !saved.has(one));
  if (unsaved.length) return say(panel.dataset.saidUnsaved, "due");
  rotation.value = ring.recipients.filter((one) => !former.includes(one)).join("\n");
});

await show();
