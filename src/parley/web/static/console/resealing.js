// Recordings under former keys sealed anew with a key of this browser: headers come, new ones go, nothing else does.
import { ring } from "./keys.js";
import { Identities } from "./sealed/age.js";
import { base64, unbase64 } from "./sealed/bytes.js";
import { newHeader } from "./sealed/resealing.js";

const AT_ONCE = 3;
const PATIENCE = [1000, 3000, 9000]; // ms before a server that has too much to do is asked again
const section = document.querySelector("[data-resealing]");
const part = (name) => section.querySelector(`[data-${name}]`);
const said = JSON.parse(document.getElementById("resealing-words").textContent);
const recipients = section.dataset.recipients.split(" ");
let stopping = false;

/** What ends the work as a whole; what concerns one recording alone is counted. */
class Halt extends Error {}

async function asked(url, given) {
  const options = given && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) };
  for (const pause of [...PATIENCE, 0]) {
    const answer = await fetch(url, { ...options, cache: "no-store" }).catch(() => { throw new Halt(said.offline); });
    if (answer.ok) return answer.json();
    if (pause && (answer.status === 429 || answer.status === 503)) {
      await new Promise((done) => setTimeout(done, pause));
      continue;
    }
    const problem = await answer.json().catch(() => ({}));
    const detail = problem.detail ?? `HTTP ${answer.status}`;
    if (![400, 404, 409].includes(answer.status)) throw new Halt(detail);
    throw new Error(detail);
  }
  throw new Halt(said.offline);
}

/** One recording; raises what keeps it as it is. */
async function seal(item, identities) {
  const files = [];
  for (const { name, header } of item.files) {
    if (header === null) continue;
    const made = await newHeader(unbase64(header), identities, recipients);
    files.push({ name, header: base64(made.header), proof: base64(made.proof) });
  }
  await asked(item.url, { recipients, files });
}

const sentence = (template, values) => template.replace(/\{(\w+)\}/g, (_all, name) => values[name]);

class Tally {
  constructor(total) {
    Object.assign(this, { total, done: 0, refused: new Map(), aside: new Map(), began: performance.now() });
  }

  keep(why) {
    this.refused.set(why, (this.refused.get(why) ?? 0) + 1);
  }

  get kept() {
    return [...this.refused.values()].reduce((sum, count) => sum + count, 0);
  }

  show() {
    const [bar, seen] = [part("bar"), this.done + this.kept];
    bar.max = Math.max(this.total, seen, 1);
    bar.value = seen;
    const rate = (seen / Math.max(0.001, (performance.now() - this.began) / 1000)).toFixed(1);
    part("counted").textContent = sentence(said.progress, { seen, total: bar.max, rate });
    part("reasons").replaceChildren(...[...this.refused, ...this.aside].map(([why, count]) => Object.assign(document.createElement("li"), { textContent: `${count}: ${why}` })));
    part("kept").hidden = !(this.refused.size + this.aside.size);
  }
}

/** The keys of names, notes and tags, a page at a time; how many none of the keys opens. */
async function fields(identities) {
  let [seen, closed] = [0, 0];
  for (let page = await asked(section.dataset.fields), total = page.left; page.items.length && !stopping; ) {
    const keys = [];
    for (const { id, header } of page.items) {
      const made = header && (await newHeader(unbase64(header), identities, recipients).catch(() => null));
      if (made) keys.push({ id, header: base64(made.header), proof: base64(made.proof) });
      else closed += 1;
    }
    if (keys.length) await asked(section.dataset.fields, { recipients, keys });
    seen += page.items.length;
    [part("bar").max, part("bar").value] = [Math.max(total, seen), seen];
    part("counted").textContent = sentence(said.fields, { seen, total: Math.max(total, seen) });
    page = await asked(`${section.dataset.fields}?after=${page.items.at(-1).id}`);
  }
  return closed;
}

/** Some recordings at a time, until all of `items` were looked at or somebody stops it. */
async function each(items, identities, tally) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item && !stopping; item = waiting.shift()) {
      try {
        await seal(item, identities);
        tally.done += 1;
      } catch (error) {
        if (error instanceof Halt) throw error;
        tally.keep(error.message);
      }
      tally.show();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function all(identities) {
  part("progress").hidden = false;
  const closed = await fields(identities);
  const first = await asked(section.dataset.list);
  const tally = new Tally(first.left);
  if (closed) tally.aside.set(said.fieldKey, closed);
  tally.show();
  for (let page = first; ; page = await asked(`${section.dataset.list}?after=${encodeURIComponent(page.next)}`)) {
    await each(page.items, identities, tally);
    if (stopping || !page.next) return tally;
  }
}

function say(words, kind = "") {
  const note = part("note");
  note.textContent = words;
  note.className = `note ${kind}`;
  note.hidden = !words;
}

function busy(running) {
  part("start").hidden = running;
  part("stop").hidden = !running;
  (running ? part("stop") : part("start")).focus();
}

async function counted() {
  const { left, total, fields_left: fieldsLeft } = await asked(`${section.dataset.list}?limit=1`);
  part("left").textContent = left;
  part("total").textContent = total;
  const over = !(left + fieldsLeft);
  part("start").disabled = part("choice").hidden = over;
  part("standing").className = `state ${over ? "kept" : "due"}`;
  return left;
}

part("start")?.addEventListener("click", async () => {
  if (!ring.secrets.length) return say(said.noKey, "due");
  if (!part("compared").checked) return say(said.compare, "due");
  say("");
  stopping = false;
  busy(true);
  try {
    const tally = await all(new Identities(ring.secrets));
    const left = await counted();
    const values = { done: tally.done, left };
    say(sentence(stopping ? said.stopped : left ? said.some : said.all, values), left ? "due" : "kept");
  } catch (error) {
    await counted().catch(() => {});
    say(`${error.message} ${said.goOn}`, "late");
  }
  busy(false);
});

part("stop")?.addEventListener("click", () => { stopping = true; });
section.dataset.ready = "";
