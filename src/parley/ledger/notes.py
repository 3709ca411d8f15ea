"""Signing what others verify: checkpoints as signed notes, and the provider's countersignature. Pure.

Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature. Reading and verifying them is in
`verifier`, so that what signs and what verifies share no code but the formats.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley.ledger.verifier import COSIGNATURE, SIGNATURE, Head, Note, VerifierKey, cosigned_message


@dataclass(frozen=True)
class LogSigner:
    """Signs the heads of one log, and countersigns the heads of others.

    `origin` names the log ("parley/<opaque log id>"), `public` is its 32-byte Ed25519 key, `sign` makes the 64-byte
    signature of a message: a function, so that the private key can stay in a device.
    """

    origin: str
    public: bytes
    sign: Callable[[bytes], bytes] = field(repr=False)

    @classmethod
    def of(cls, *, log_id: str, key: Ed25519PrivateKey) -> "LogSigner":
        """The signer of the log `log_id` with its private key."""
        return cls(origin=log_origin(log_id=log_id), public=key.public_key().public_bytes_raw(), sign=key.sign)

    @property
    def log_key(self) -> VerifierKey:
        """What a verifier pins to check this log's own signatures."""
        return VerifierKey(name=self.origin, kind=SIGNATURE, public=self.public)

    @property
    def cosigner_key(self) -> VerifierKey:
        """What a verifier pins to check this signer's countersignatures of other logs."""
        return VerifierKey(name=self.origin, kind=COSIGNATURE, public=self.public)


def log_origin(*, log_id: str) -> str:
    """The name of a log in its checkpoints: it tells nothing of the customer."""
    return f"parley/{log_id}"


def sign_head(*, head: Head, signer: LogSigner) -> str:
    """The checkpoint of `head`: a signed note with the log's one signature."""
    text = str(head)
    return str(Note(text=text, signatures=((signer.origin, signer.log_key.key_id, signer.sign(text.encode())),)))


def cosign(*, checkpoint: str, signer: LogSigner, time: int) -> str:
    """The signature line (with its LF) by which `signer` says it saw `checkpoint` at `time` (seconds since 1970).

    Whoever calls has verified the checkpoint, and that it only adds to what was countersigned before.
    """
    text = Note.parse(checkpoint).text
    signature = time.to_bytes(8, "big") + signer.sign(cosigned_message(text, time=time))
    line = Note(text=text, signatures=((signer.origin, signer.cosigner_key.key_id, signature),))
    return str(line).removeprefix(text + "\n")


def sign_text(*, text: str, signer: LogSigner) -> str:
    """`text` as a signed note of the log's key: for what belongs to a log and is no head of it.

    Raises ValueError for a text that could be read as a checkpoint: those begin with the log's name.
    """
    if text.startswith(signer.origin) or not text.endswith("\n"):
        raise ValueError("a text beside the log begins with its own format, and ends its last line")
    return str(Note(text=text, signatures=((signer.origin, signer.log_key.key_id, signer.sign(text.encode())),)))
