"""DKIM (RFC 6376): the provider's domain vouches for what leaves Parley.

The private key is a file below the data directory's `keys`, made at first use; what DNS must say is `dns_record`.
"""

import base64
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from parley.mail.errors import SigningUnavailable

_BITS: Final = 2048
_SIGNED: Final = (
    b"from", b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip
"""From twice: nobody can add a second one (RFC 6376 section 8.15). A way out by one click must be signed (RFC 8058)."""


@dataclass(frozen=True)
class Signer:
    """Signs for one domain under one selector."""

    domain: str
    selector: str
    private: bytes = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """`message` with its DKIM-Signature as the first header. Raises SigningUnavailable."""
        import dkim  # a quarter of a second, which a process that sends nothing must not wait for

        try:
            header: bytes = dkim.sign(
                message,
                self.selector.encode("ascii"),
                self.domain.encode("ascii"),
                self.private,
                include_headers=[*_SIGNED],
                canonicalize=(b"relaxed", b"relaxed"),
            )
        except dkim.DKIMException as error:
            raise SigningUnavailable("the message cannot be signed", remedy="Check the DKIM key.") from error
        return header + message

    def dns_record(self) -> tuple[str, str]:
        """The name and the text of the TXT record by which receivers check the signatures."""
        public = (
            _key(self.private)
            .public_key()
            .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        encoded = base64.b64encode(public).decode("ascii")
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k=rsa; p={encoded}"


def signer(*, domain: str, selector: str, keys: Path) -> Signer:
    """The signer of `domain`; its key is made in `keys` when there is none yet. Raises SigningUnavailable."""
    file = keys / f"dkim-{selector}.pem"
    try:
        if not file.exists():
            _make(file)
        private = file.read_bytes()
        key = _key(private)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise SigningUnavailable(
            f"the DKIM key {file.name} cannot be used", remedy="Restore it from backup."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise SigningUnavailable(f"the DKIM key {file.name} is not an RSA key", remedy="Remove it: a new one is made.")
    return Signer(domain=domain, selector=selector, private=private)


@lru_cache(maxsize=4)
def _key(private: bytes) -> PrivateKeyTypes:
    """The key of a PEM file: its primes are checked once (40 ms), not for each message of a wave."""
    return serialization.load_pem_private_key(private, password=None)


def _new_key() -> bytes:
    return generate_private_key(public_exponent=65537, key_size=_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _make(file: Path) -> None:
    """A new key in `file`, whole or not at all, unless another process was first."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(_new_key())
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):
            os.link(partial, file)
    finally:
        partial.unlink(missing_ok=True)
