// The keys of a customer-held recording on its page: from this browser's memory, its storage, or a file.
import { Keyring, secretsIn } from "../sealed/keyring.js";

/** Resolves with a keyring that holds at least one key; asks the person for it where there is none. */
export async function openKeys(player) {
  const panel = player.querySelector("[data-keys]");
  const part = (name) => panel.querySelector(`[data-${name}]`);
  const ring = await Keyring.of(player.dataset.customer);
  if (ring.secrets.length) return ring;
  part("locked").hidden = !(await ring.stored().catch(() => false));
  panel.hidden = false;
  await new Promise((done) => {
    const attempt = async (deed) => {
      part("said").hidden = true;
      try {
        await deed();
        if (ring.secrets.length) done();
      } catch (error) {
        part("said").textContent = error.message;
        part("said").hidden = false;
      }
    };
    part("locked").addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(() => ring.unlock(part("passphrase").value));
    });
    part("brought").addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(() => ring.hold(secretsIn(part("pasted").value)));
    });
    part("file").addEventListener("change", ({ target }) => attempt(async () => {
      await ring.hold((await Promise.all([...target.files].map((file) => file.text()))).flatMap(secretsIn));
    }));
  });
  panel.hidden = true;
  for (const field of panel.querySelectorAll("input, textarea")) field.value = "";
  return ring;
}
