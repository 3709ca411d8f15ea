"""Signed notes and checkpoints: published examples, one spelling only, an independent peer reads ours."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.support.ledger_peer import aics_tlog

from parley.ledger.notes import LogSigner, cosign, sign_head
from parley.ledger.verifier import Head, Note, VerifierKey, verify_checkpoint

# The example in the documentation of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
LOG = LogSigner.of(log_id="a1b2c3", key=Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
PROVIDER = LogSigner.of(log_id="0f0f", key=Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
HEAD = Head(origin=LOG.origin, size=20, root=bytes(range(32)))


def test_the_published_note_verifies():
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    note = Note.parse(GO_NOTE)
    assert str(note) == GO_NOTE
    assert note.signature_of(key) is not None
    with pytest.raises(ValueError, match="wrong"):
        Note.parse(GO_NOTE.replace("your problem is", "my problem is")).signature_of(key)


@pytest.mark.parametrize(
    "key",
    [
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("PeterNeumann", "PeterNewmann"),
        GO_KEY.replace("ARpc", "AhpC"),
        GO_KEY[:-1],
        "",
        "name",
    ],
)
def test_a_key_has_one_spelling(key):
    with pytest.raises(ValueError):
        VerifierKey.parse(key)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n",
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("— ", "- "),
        lambda text: text.replace("— ", "—  "),
        lambda text: text.replace("JnAM=", "JnAN="),  # the same bytes, in another base64
        lambda text: text.replace("JnAM=", "JnAM"),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + text.splitlines(keepends=True)[-1] * 16,
        lambda text: "",
    ],
)
def test_a_note_has_one_spelling(change):
    with pytest.raises(ValueError):
        Note.parse(change(GO_NOTE))


def test_a_checkpoint_reads_back_and_the_peer_agrees():
    source = sign_head(head=HEAD, signer=LOG)
    head, note = verify_checkpoint(source, log_key=LOG.log_key)
    assert (head, str(note)) == (HEAD, source)
    peer = aics_tlog()
    result = peer.verify_checkpoint(peer.parse_note(source), peer.parse_vkey(str(LOG.log_key)))
    assert (result.ok, result.size, result.root) == (True, 20, HEAD.root)


def test_a_countersignature_counts_as_a_witness_for_the_peer():
    peer = aics_tlog()
    source = sign_head(head=HEAD, signer=LOG)
    source += cosign(checkpoint=source, signer=PROVIDER, time=1_800_000_000)
    verify_checkpoint(source, log_key=LOG.log_key)
    witness = peer.parse_vkey(str(PROVIDER.cosigner_key))
    result = peer.verify_checkpoint(peer.parse_note(source), peer.parse_vkey(str(LOG.log_key)), [witness], 1)
    assert (result.ok, result.timestamps) == (True, {PROVIDER.origin: 1_800_000_000})


def test_checkpoints_of_others_are_refused():
    source = sign_head(head=HEAD, signer=LOG)
    with pytest.raises(ValueError, match="another log"):
        verify_checkpoint(source, log_key=PROVIDER.log_key)
    impostor = LogSigner.of(log_id="a1b2c3", key=Ed25519PrivateKey.from_private_bytes(b"\x03" * 32))
    with pytest.raises(ValueError, match="did not sign"):
        verify_checkpoint(source, log_key=impostor.log_key)
    with pytest.raises(ValueError, match="another log"):
        verify_checkpoint(source, log_key=LOG.cosigner_key)
    signature = source.splitlines(keepends=True)[-1]
    with pytest.raises(ValueError, match="wrong"):
        verify_checkpoint(source + signature, log_key=LOG.log_key)


@pytest.mark.parametrize("size", ["020", "+20", "-20", "2e1", "٢٠", "1" * 19, ""])
def test_a_size_has_one_spelling(size):
    text = str(HEAD).replace("\n20\n", f"\n{size}\n")
    with pytest.raises(ValueError):
        Head.parse(text)
