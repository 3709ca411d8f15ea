// The keys of a customer in this browser: held in memory across the pages of the console, and, by choice, wrapped by a
// passphrase in this browser's storage (a stock age file: `age -d` opens it too). Nothing here is ever sent anywhere.
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "../../vendor/modules/age-encryption/dist/index.js";
import { SealedError } from "./bytes.js";

const REMIND = 10_000; // ms: the keeper is stopped when nobody asks for half a minute
const SECRET = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;
const [DATABASE, STORE] = ["parley-keys", "wrapped"];

/** The keys of one customer. `secrets` are known to this page; `recipients` are their public halves. */
export class Keyring {
  /** What this browser knows of `customer` (its id). */
  static async of(customer) {
    const ring = new Keyring();
    ring.customer = customer;
    ring.secrets = [];
    ring.recipients = [];
    ring.keeper = await keeper();
    await ring.set(await ring.tell("ask"));
    setInterval(async () => ring.secrets.length && ring.set(await ring.tell("keep", ring.secrets)), REMIND);
    return ring;
  }

  /** Adds keys; those that are there already stay single. */
  async hold(secrets) {
    await this.set([...new Set([...this.secrets, ...secrets])]);
    await this.tell("hold", this.secrets);
  }

  async forget() {
    await this.set([]);
    await this.tell("forget");
  }

  async set(secrets) {
    this.secrets = secrets;
    this.recipients = await Promise.all(secrets.map((secret) => identityToRecipient(secret)));
  }

  async tell(deed, secrets) {
    if (!this.keeper) return secrets ?? [];
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((done) => { port1.onmessage = ({ data }) => done(data); });
    this.keeper.active.postMessage({ deed, customer: this.customer, secrets }, [port2]);
    return answer;
  }

  /** Whether keys lie in this browser's storage under a passphrase. */
  async stored() {
    return Boolean(await stored("readonly", (store) => store.get(this.customer)));
  }

  /** Wraps the keys by `passphrase` and stores them. */
  async store(passphrase) {
    const encrypter = new Encrypter();
    encrypter.setPassphrase(passphrase);
    const wrapped = await encrypter.encrypt(this.secrets.join("\n"));
    await stored("readwrite", (store) => store.put(wrapped, this.customer));
  }

  /** Opens what is stored and holds it. Raises SealedError for a wrong passphrase. */
  async unlock(passphrase) {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    const wrapped = await stored("readonly", (store) => store.get(this.customer));
    const clear = await decrypter.decrypt(wrapped, "text").catch(() => {
      throw new SealedError("no-key", "This passphrase does not open the keys that are stored here.");
    });
    await this.hold(secretsIn(clear));
  }

  async discard() {
    await stored("readwrite", (store) => store.delete(this.customer));
  }
}

/** A fresh X25519 identity, made in this browser. */
export const makeKey = () => generateX25519Identity();

/** The secrets in a key file as age-keygen writes it, or in pasted lines. Raises SealedError. */
export function secretsIn(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  if (!lines.length || !lines.every((line) => SECRET.test(line))) {
    throw new SealedError("foreign", "This is no age key: a line AGE-SECRET-KEY-1… is expected for each key. Nothing was kept.");
  }
  return lines;
}

/** The text of a key file, as age-keygen would write it. */
export async function keyFile(secret, made = new Date()) {
  return `# created: ${made.toISOString()}\n# public key: ${await identityToRecipient(secret)}\n${secret}\n`;
}

async function keeper() {
  if (!navigator.serviceWorker) return null; // no secure context: keys live as long as the page
  try {
    const registration = await navigator.serviceWorker.register(new URL("keeper.js", import.meta.url));
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    if (worker.state !== "activated") {
      await new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
    }
    return registration;
  } catch {
    return null; // forbidden in this browser
  }
}

/** Does one thing with the stored keys; its result. */
function stored(mode, deed) {
  return new Promise((done, fail) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => fail(new SealedError("offline", "This browser does not let the console store anything."));
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(STORE, mode);
      const asked = deed(transaction.objectStore(STORE));
      transaction.oncomplete = () => { opening.result.close(); done(asked.result); };
      transaction.onabort = () => fail(new SealedError("offline", "This browser could not store the keys: its storage is full."));
    };
  });
}
