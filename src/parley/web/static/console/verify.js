// "Verify in this browser": fetches the evidence bundle and shows each step of the check, with the values that it computed.
// A page may have many panels, also ones that come later; one is checked at a time.
import * as proof from "./proof.js";

let panel, steps, verdict, button, logId;

const kept = (name) => `parley.${name}.${logId}`;
const recall = (name) => { try { return localStorage.getItem(kept(name)); } catch { return null; } };
const keep = (name, value) => { try { localStorage.setItem(kept(name), value); } catch { /* forbidden: nothing is pinned */ } };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const check = (condition, words) => { if (!condition) throw new proof.ProofError(words); };

/** `state` is "good", "bad", or "open" for what cannot be checked yet. */
function step(state, title, words, values = {}) {
  const item = document.createElement("li");
  item.className = state;
  const mark = Object.assign(document.createElement("span"), { className: "mark", textContent: { good: "✓", bad: "✗", open: "○" }[state] });
  const head = Object.assign(document.createElement("b"), { textContent: title });
  item.append(mark, head, Object.assign(document.createElement("p"), { textContent: words }));
  if (Object.keys(values).length) {
    const details = document.createElement("details");
    details.append(Object.assign(document.createElement("summary"), { textContent: "values" }));
    for (const [name, value] of Object.entries(values)) {
      details.append(Object.assign(document.createElement("div"), { className: "hash", textContent: `${name}: ${value}` }));
    }
    item.append(details);
  }
  steps.append(item);
}

async function fetchBundle(since) {
  const url = new URL(panel.dataset.evidence, location.href);
  if (since) url.searchParams.set("since", since);
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) {
    const problem = (() => { try { return JSON.parse(text); } catch { return {}; } })();
    throw new Error(problem.detail ?? `The bundle cannot be fetched (HTTP ${response.status}).`);
  }
  return text;
}

/** The steps in order: [title, async (state) => [words, values, "open" when it must wait]]. A step that throws ends the check. */
const CHECKS = [
  ["The bundle is whole", async (s) => {
    s.bundle = JSON.parse(s.text);
    check(`${proof.canonical(s.bundle)}\n` === s.text, "It has another spelling than the canonical one: a byte was changed.");
    return [`${s.text.length} bytes in the one canonical spelling: every byte is accounted for.`];
  }],
  ["The details are those committed to", async (s) => {
    const { details, entry } = s.bundle;
    if (details === null) return ["The details were erased; the commitment remains in the log."];
    const computed = proof.hex(await proof.sha256(proof.unhex(details.salt), proof.bytes(proof.canonical(details.value))));
    check(computed === entry.commitment, `Their hash is ${computed}, the entry commits to ${entry.commitment}.`);
    return ["SHA-256 of salt and details equals the commitment in the entry.", { commitment: computed, salt: details.salt }];
  }],
  ["The files on this page are those in the evidence", async (s) => {
    const shown = [...panel.querySelectorAll("[data-part]")].map((part) => part.textContent.trim());
    if (!shown.length || s.bundle.details === null) return null;
    const text = proof.canonical(s.bundle.details.value);
    for (const hash of shown) check(text.includes(`"${hash}"`), `The evidence does not name ${hash}.`);
    return [shown.length === 1 ? "The hash shown above stands in the details." : `All ${shown.length} hashes shown above stand in the details.`];
  }],
  ["The leaf was hashed", async (s) => {
    s.leaf = await proof.leafHash(proof.bytes(proof.canonical(s.bundle.entry)));
    return ["SHA-256 over a zero byte and the entry (RFC 9162).", { leaf: proof.hex(s.leaf) }];
  }],
  ["The entry is in the log", async (s) => {
    s.head = proof.parseCheckpoint(s.bundle.checkpoint);
    const path = s.bundle.path.map((text) => proof.base64(text, 32));
    const root = await proof.rootFromPath({ leaf: s.leaf, index: s.bundle.index, size: s.head.size, path });
    check(root && proof.same(root, s.head.root), "The proof leads to another root than the checkpoint's.");
    return [
      `Number ${s.bundle.index} of ${s.head.size}: ${path.length} hashes lead from the leaf to the root of the checkpoint.`,
      { root: proof.hex(root), ...Object.fromEntries(path.map((hash, level) => [`hash ${level + 1}`, proof.hex(hash)])) },
    ];
  }],
  ["The log signed this head", async (s) => {
    const pinned = recall("log-key");
    check(!pinned || pinned === s.bundle.keys.log, "This browser knows another key of this log: the log was replaced.");
    const key = await proof.parseKey(s.bundle.keys.log);
    check(key.kind === proof.SIGNATURE && key.name === s.head.origin, "The checkpoint belongs to another log.");
    check(s.head.origin === `parley/${logId}` || s.head.origin === logId, "The checkpoint is of another customer's log.");
    await proof.signatureOf(key, s.head);
    keep("log-key", key.text);
    const how = pinned ? "with the key that this browser has kept" : "with a key that this browser now keeps (compare it once with the one in your agreement)";
    return [`Ed25519 signature over the checkpoint verified ${how}.`, { "log key": key.text }];
  }],
  ["The provider countersigned it", async (s) => {
    if (s.bundle.keys.provider === null) return ["Not yet: the provider's log countersigns new heads within a minute. Everything above holds without it.", {}, "open"];
    const pinned = recall("provider-key");
    check(!pinned || pinned === s.bundle.keys.provider, "This browser knows another key of the provider.");
    const key = await proof.parseKey(s.bundle.keys.provider);
    check(key.kind === proof.COSIGNATURE, "This is not a countersigning key.");
    const at = new Date(proof.cosignedAt(await proof.signatureOf(key, s.head)) * 1000);
    keep("provider-key", key.text);
    return [`At ${at.toLocaleString()}: this head can no longer be replaced unnoticed.`, { "provider key": key.text }];
  }],
  ["The log only grew", async (s) => {
    const known = s.known && proof.parseCheckpoint(s.known);
    if (!known) return ["First check in this browser: this head is kept, and later checks must build on it."];
    if (known.size > s.head.size) {
      check(false, `This browser has already seen ${known.size} entries, the bundle shows ${s.head.size}.`);
    }
    const given = s.bundle.consistency;
    const path = given && given.size === known.size ? given.path.map((text) => proof.base64(text, 32)) : [];
    check(
      await proof.consistent({ oldSize: known.size, oldRoot: known.root, newSize: s.head.size, newRoot: s.head.root, path }),
      "It does not contain the head that this browser kept: history was rewritten.",
    );
    return [`From ${known.size} to ${s.head.size} entries since this browser last looked, nothing was changed or removed.`];
  }],
];

async function verify() {
  button.disabled = true;
  steps.replaceChildren();
  verdict.textContent = "";
  verdict.className = "verdict";
  delete panel.dataset.verdict;
  let title = "Before the first step";
  try {
    if (!globalThis.crypto?.subtle) throw new Error("This browser computes signatures only over https or on this machine itself. Download the bundle and use parley verify instead.");
    const known = recall("head");
    const state = { known, text: await fetchBundle(known ? proof.parseCheckpoint(known).size : 0) };
    for (const [name, run] of CHECKS) {
      title = name;
      const result = await run(state);
      if (result) { step(result[2] ?? "good", name, result[0], result[1]); await wait(60); }
    }
    keep("head", state.bundle.checkpoint);
    panel.dataset.verdict = "verified";
    verdict.className = "verdict state kept";
    verdict.textContent = "Verified in this browser.";
  } catch (error) {
    step("bad", title, error.message);
    panel.dataset.verdict = "refused";
    verdict.className = "verdict state late";
    verdict.textContent = error instanceof proof.ProofError ? "Refused: do not rely on this evidence." : "Not checked.";
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-verify]");
  const found = pressed?.closest("[data-evidence]");
  if (!found || button?.disabled) return;
  [panel, button, logId] = [found, pressed, found.dataset.logId];
  [steps, verdict] = [panel.querySelector("[data-steps]"), panel.querySelector("[data-verdict]")];
  verify();
});
