"""Bundles: what they prove, and that no byte of one can change (acceptance line 8)."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.bundles import DETAILS, LOG, PROVIDER, SmallLog
from tests.support.ledger_peer import aics_tlog

from parley.ledger import verifier
from parley.ledger.api import BundleRefused, verify_bundle
from parley.ledger.verifier import canonical

LOG_KEY, PROVIDER_KEY = str(LOG.log_key), str(PROVIDER.cosigner_key)
SMALL = SmallLog.of(300)


def refused(data: bytes, **pins: str) -> str:
    with pytest.raises(BundleRefused) as caught:
        verify_bundle(data, **{"log_key": LOG_KEY} | pins)
    return str(caught.value)


def altered(data: bytes, **members: object) -> bytes:
    """The bundle with other members, encoded as it must be."""
    return canonical(json.loads(data) | members) + b"\n"


@pytest.mark.parametrize(("size", "seq"), [(1, 0), (2, 1), (300, 0), (300, 255), (300, 256), (300, 299)])
@pytest.mark.parametrize("countersigned", [True, False])
def test_a_bundle_proves_its_entry(size, seq, countersigned):
    log = SmallLog.of(size)
    data = log.bundle(seq, countersigned=countersigned)
    pins = {"provider_key": PROVIDER_KEY} if countersigned else {}
    proven = verify_bundle(data, log_key=LOG_KEY, **pins)
    assert proven.details == DETAILS | {"history": "true"}
    assert proven.entry["clause"] == "imagicle-dpa IM-3c.security"
    assert (proven.index, proven.head.size) == (seq, size)
    assert proven.countersigned == ("pinned" if countersigned else "none")
    assert len(data) <= 8192


def test_an_erased_entry_is_still_proven():
    proven = verify_bundle(SMALL.bundle(7, erased=True), log_key=LOG_KEY)
    assert proven.details is None
    assert "erased" in " ".join(proven.steps)


def test_without_the_providers_key_its_countersignature_is_checked_but_not_trusted():
    assert verify_bundle(SMALL.bundle(7), log_key=LOG_KEY).countersigned == "unpinned"


@pytest.mark.parametrize(
    "data",
    [
        SMALL.bundle(260, since=17),
        SMALL.bundle(3, countersigned=False),
        SMALL.bundle(299, erased=True),
        SmallLog.of(1).bundle(0, countersigned=False, erased=True),
    ],
    ids=["everything", "no countersignature", "erased", "smallest"],
)
def test_every_changed_byte_is_refused(data):
    assert len(data) <= 8192
    verify_bundle(data, log_key=LOG_KEY)
    accepted = []
    for place in range(len(data)):
        for mask in (0x01, 0x02, 0x10, 0x20, 0x80, 0xFF):
            changed = bytearray(data)
            changed[place] ^= mask
            try:
                verify_bundle(bytes(changed), log_key=LOG_KEY)
            except BundleRefused:
                continue
            accepted.append((place, mask))
    assert accepted == []


def test_every_cut_and_every_addition_is_refused():
    data = SMALL.bundle(260, since=17)
    for length in range(len(data)):
        refused(data[:length])
    for place in range(0, len(data) + 1, 7):
        for more in (b" ", b"\n", b"0", data[place : place + 1]):
            if data[:place] + more + data[place:] != data:
                refused(data[:place] + more + data[place:])


def test_only_pinned_keys_count():
    data = SMALL.bundle(7)
    assert "pinned log" in refused(data, log_key=str(PROVIDER.log_key))
    assert "not a log key" in refused(data, log_key=PROVIDER_KEY)
    assert "not a provider key" in refused(data, provider_key=LOG_KEY)
    assert "unreadable" in refused(data, log_key="nonsense")
    assert "another key" in refused(data, provider_key=str(LOG.cosigner_key))
    assert "did not countersign" in refused(SMALL.bundle(7, countersigned=False), provider_key=PROVIDER_KEY)


def test_a_countersignature_cannot_be_dropped_moved_or_left_unnamed():
    with_it, without = json.loads(SMALL.bundle(7)), json.loads(SMALL.bundle(7, countersigned=False))
    refused(altered(SMALL.bundle(7), checkpoint=without["checkpoint"]))
    refused(altered(SMALL.bundle(7, countersigned=False), checkpoint=with_it["checkpoint"]))
    lines = with_it["checkpoint"].splitlines(keepends=True)
    refused(altered(SMALL.bundle(7), checkpoint="".join([*lines, lines[-1]])))


@pytest.mark.parametrize(
    "members",
    [
        {"index": 8}, {"index": True}, {"index": -1}, {"index": "7"}, {"path": []}, {"path": None}, {"path": [1]},
        {"path": ["AA=="]}, {"format": "parley-bundle/2"}, {"entry": {}}, {"entry": None}, {"details": {}},
        {"details": {"salt": "00" * 32, "value": {"a": 1}}}, {"details": {"salt": "zz", "value": {}}},
        {"keys": {}}, {"keys": {"log": LOG_KEY, "provider": 1}}, {"keys": {"log": LOG_KEY, "provider": LOG_KEY}},
        {"keys": {"log": PROVIDER_KEY, "provider": PROVIDER_KEY}}, {"checkpoint": ""}, {"checkpoint": 1},
        {"consistency": {}}, {"consistency": {"path": [], "root": "", "size": 1}},
        {"consistency": {"path": [], "root": "A" * 43 + "=", "size": True}}, {"more": 1},
    ],
)  # fmt: skip
def test_members_of_other_kinds_are_refused(members):
    refused(altered(SMALL.bundle(7), **members))


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"{}\n", b"[]\n", b"null\n", b"\xff\n", b"[" * 5000 + b"\n", b"1" * 2**21]
)
def test_what_is_no_bundle_is_refused(text):
    refused(text)


def test_a_kept_checkpoint_must_be_in_the_log():
    kept = SMALL.checkpoint(size=17).note
    assert verify_bundle(SMALL.bundle(7, since=17), log_key=LOG_KEY, kept_checkpoint=kept).kept
    assert verify_bundle(SMALL.bundle(7), log_key=LOG_KEY, kept_checkpoint=SMALL.checkpoint().note).kept
    assert "since=17" in refused(SMALL.bundle(7), kept_checkpoint=kept)
    assert "since=17" in refused(SMALL.bundle(7, since=18), kept_checkpoint=kept)
    assert "unusable" in refused(SMALL.bundle(7, since=17), kept_checkpoint=kept.replace("17", "18"))
    assert "unusable" in refused(SMALL.bundle(7, since=17), kept_checkpoint="nonsense")


def test_a_rewritten_history_does_not_fit_the_kept_checkpoint():
    rewritten = SmallLog.of(300, history="rewritten")
    assert verify_bundle(rewritten.bundle(7, since=17), log_key=LOG_KEY)  # consistent in itself
    assert "rewritten" in refused(rewritten.bundle(7, since=17), kept_checkpoint=SMALL.checkpoint(size=17).note)
    assert "rewritten" in refused(rewritten.bundle(7), kept_checkpoint=SMALL.checkpoint().note)
    proof = json.loads(SMALL.bundle(7, since=17))["consistency"]
    assert "rewritten" in refused(altered(rewritten.bundle(7), consistency=proof))


def test_the_peer_verifies_the_same_bundle():
    peer = aics_tlog()
    bundle = json.loads(SMALL.bundle(260, since=17))
    note = peer.parse_note(bundle["checkpoint"])
    result = peer.verify_checkpoint(note, peer.parse_vkey(LOG_KEY), [peer.parse_vkey(PROVIDER_KEY)], 1)
    assert result.ok
    path = [base64.b64decode(text) for text in bundle["path"]]
    assert peer.verify_leaf_inclusion(canonical(bundle["entry"]), 260, result.size, path, result.root)
    earlier = bundle["consistency"]
    growth = [base64.b64decode(text) for text in earlier["path"]]
    assert peer.verify_consistency(17, result.size, base64.b64decode(earlier["root"]), result.root, growth)


def test_the_verifier_runs_alone(tmp_path: Path):
    alone = tmp_path / "verifier.py"
    shutil.copy(verifier.__file__, alone)
    good, bad, kept = tmp_path / "good", tmp_path / "bad", tmp_path / "kept"
    good.write_bytes(SMALL.bundle(7, since=17))
    bad.write_bytes(SMALL.bundle(7).replace(b"bye", b"bya"))
    kept.write_text(SMALL.checkpoint(size=17).note)
    pins = ["--log-key", LOG_KEY, "--provider-key", PROVIDER_KEY, "--checkpoint", str(kept)]

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            # -I: neither the project nor the working directory is importable, only what the interpreter has.
            [sys.executable, "-I", "-c", _WITHOUT_PARLEY, str(alone), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, output = run(str(good), *pins)
    assert code == 0, output
    assert "VERIFIED" in output
    assert "only added to the checkpoint that you kept" in output
    assert run(str(bad), *pins[:2]) == (1, "REFUSED: the details are not those that the entry commits to\n")
    assert run(str(tmp_path / "none"), *pins)[0] == 2


_WITHOUT_PARLEY = """
import runpy, sys
sys.modules["parley"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
