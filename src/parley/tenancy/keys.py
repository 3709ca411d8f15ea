"""Keys: the operator's root key, what derives from it, and each customer's keyring file that it seals.

Keyrings live in files below the data directory's `keys`, never in PostgreSQL (its log and dead rows keep what was
deleted) and never in a backup of it. A keyring file is AES-256-GCM: version byte | nonce 12 | ciphertext and tag of a
JSON object, with the customer's id as associated data, so that files cannot be exchanged.
"""

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from parley.tenancy.errors import KeysUnavailable

ROOT_KEY_SIZE = 32
_VERSION = b"\x01"
MODULE_VERSION = b"\x02"
"""How a keyring file begins that a module's key sealed."""


class KeyEncryptionKey(Protocol):
    """What seals keyring files: the operator's root key, or a key inside a PKCS#11 module."""

    def seal(self, plaintext: bytes, *, bound_to: bytes) -> bytes: ...

    def open(self, sealed: bytes, *, bound_to: bytes) -> bytes: ...


class KeyInModule(KeyEncryptionKey, Protocol):
    """A key inside a PKCS#11 module."""

    @property
    def label(self) -> str: ...

    def make(self) -> None:
        """Makes the key. Raises KeysUnavailable, also when there is one."""
        ...

    def check(self) -> None:
        """That module, token, PIN and key work. Raises KeysUnavailable."""
        ...


@dataclass(frozen=True)
class RootKey:
    """The operator's one secret. Everything else is derived from it or sealed by it."""

    secret: bytes = field(repr=False)

    def derived(self, purpose: str, *, size: int = 32) -> bytes:
        """A key of `size` bytes for one purpose (HKDF-SHA256, RFC 5869); purposes never share a key."""
        return HKDF(algorithm=SHA256(), length=size, salt=None, info=b"parley/1 " + purpose.encode()).derive(
            self.secret
        )

    def password(self, role: str) -> str:
        """The password of a database role: 256 bits, known to whoever holds the root key."""
        return base64.urlsafe_b64encode(self.derived(f"database role {role}")).decode("ascii").rstrip("=")

    def seal(self, plaintext: bytes, *, bound_to: bytes) -> bytes:
        """`plaintext` for a file that only this key opens and only in the place `bound_to`."""
        nonce = secrets.token_bytes(12)
        return _VERSION + nonce + AESGCM(self.derived("seal")).encrypt(nonce, plaintext, _VERSION + bound_to)

    def open(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """The plaintext of `seal`; raises KeysUnavailable when anything was altered or the key is another."""
        try:
            return AESGCM(self.derived("seal")).decrypt(sealed[1:13], sealed[13:], sealed[:1] + bound_to)
        except InvalidTag as error:
            raise KeysUnavailable(
                "a sealed key file does not open with this root key",
                remedy="Restore the keys directory, or the root key.",
            ) from error


def root_key(file: Path, *, create: bool = False) -> RootKey:
    """The key in `file` (32 bytes, mode 0600); with `create` a new one when there is none. Raises KeysUnavailable."""
    try:
        secret = file.read_bytes()
    except FileNotFoundError as error:
        if not create:
            raise KeysUnavailable(f"there is no root key at {file}", remedy="Start once with: parley up") from error
        secret = secrets.token_bytes(ROOT_KEY_SIZE)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            write_private(file, secret, replace=False)
        except FileExistsError:  # another process was first
            secret = file.read_bytes()
    except OSError as error:
        raise KeysUnavailable(f"the root key cannot be read: {error.strerror}", remedy=f"Check {file}.") from error
    if len(secret) != ROOT_KEY_SIZE:
        raise KeysUnavailable(f"{file} does not hold a root key", remedy="It must be 32 bytes.")
    return RootKey(secret)


def write_private(file: Path, content: bytes, *, replace: bool = True) -> None:
    """`content` at `file`, whole or not at all, synced, readable by its owner only."""
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        if replace:
            partial.replace(file)
        else:
            os.link(partial, file)
    finally:
        partial.unlink(missing_ok=True)
    _sync(file.parent)


def destroy_private(file: Path) -> bool:
    """Overwrite and remove `file`, synced; False when there was none. Safe to repeat after a crash anywhere in it."""
    try:
        with file.open("r+b", buffering=0) as opened:
            opened.write(secrets.token_bytes(os.fstat(opened.fileno()).st_size))
            os.fsync(opened.fileno())
        file.unlink()
    except FileNotFoundError:
        return False
    _sync(file.parent)
    return True


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, kw_only=True)
class KeyFile:
    """What a customer's keyring file holds.

    `identities` opens what was sealed to the customer, newest first, and is empty when the customer holds its own keys.
    `index_secret` makes blind indexes, `log_seed` is the Ed25519 seed that signs the customer's log.
    """

    identities: tuple[str, ...] = field(repr=False)
    index_secret: bytes = field(repr=False)
    log_seed: bytes = field(repr=False)

    @classmethod
    def fresh(cls, *, identities: tuple[str, ...]) -> "KeyFile":
        return cls(identities=identities, index_secret=secrets.token_bytes(32), log_seed=secrets.token_bytes(32))

    def save(self, *, directory: Path, customer_id: UUID, key: KeyEncryptionKey) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        document = {
            "identities": list(self.identities),
            "index_secret": self.index_secret.hex(),
            "log_seed": self.log_seed.hex(),
        }
        sealed = key.seal(json.dumps(document).encode(), bound_to=_binding(customer_id))
        write_private(_path(directory, customer_id), sealed)

    @classmethod
    def load(cls, *, directory: Path, customer_id: UUID, key: KeyEncryptionKey) -> "KeyFile":
        """The keyring of one customer; raises KeysUnavailable."""
        try:
            sealed = _path(directory, customer_id).read_bytes()
        except OSError as error:
            raise KeysUnavailable(
                f"the keyring of customer {customer_id} cannot be read", remedy="Restore it from the keys' backup."
            ) from error
        document = json.loads(key.open(sealed, bound_to=_binding(customer_id)))
        return cls(
            identities=tuple(document["identities"]),
            index_secret=bytes.fromhex(document["index_secret"]),
            log_seed=bytes.fromhex(document["log_seed"]),
        )


def sealed_by_module(*, directory: Path, customer_id: UUID) -> bool:
    """Whether a keyring file says that a key inside a PKCS#11 module sealed it; False for one that is not there."""
    path = _path(directory, customer_id)
    return path.exists() and path.read_bytes()[:1] == MODULE_VERSION


def _path(directory: Path, customer_id: UUID) -> Path:
    return directory / f"{customer_id}.keyring"


def _binding(customer_id: UUID) -> bytes:
    return b"keyring:" + customer_id.bytes
