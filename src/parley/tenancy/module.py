"""A key inside a PKCS#11 module (a hardware security module, or SoftHSM) that seals keyring files.

The key never leaves the module: it encrypts and decrypts there, AES-256-GCM (PKCS#11 v3.0 section 2.12.4). A sealed
file is version byte 2 | nonce 12 | ciphertext and tag; the version and what it is bound to are associated data.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass

from parley.tenancy.errors import KeysUnavailable
from parley.tenancy.keys import MODULE_VERSION as VERSION

LABEL: Final = "parley-keyring"
_BITS: Final = 256
_NONCE: Final = 12
_TAG_BITS: Final = 128


@dataclass
class ModuleKey:
    """The key `label` of the token `token`, through the module's `library`; `pin` reads the PIN when it is needed.

    One session for a process, used by one thread at a time, opened when it is first needed and opened again, once for
    each deed, when the module was restarted. A refused PIN is not tried again: tokens lock after a few.
    """

    library: Path
    token: str
    pin: Callable[[], str] = field(repr=False)
    label: str = LABEL
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)
    _process: int = field(default=0, init=False, repr=False)
    _session: Any = field(default=None, init=False, repr=False)
    _refused: bytes = field(default=b"", init=False, repr=False)

    def seal(self, plaintext: bytes, *, bound_to: bytes) -> bytes:
        """See KeyEncryptionKey. Raises KeysUnavailable."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._with_key(lambda key: key.encrypt(plaintext, **_gcm(nonce, bound_to)))
        return VERSION + nonce + sealed

    def open(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """See KeyEncryptionKey. Raises KeysUnavailable, also when anything was altered."""
        if sealed[:1] != VERSION:
            raise KeysUnavailable(
                "this keyring was not sealed by a module's key", remedy="Restore the keyring that belongs here."
            )
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        return self._with_key(lambda key: key.decrypt(body, **_gcm(nonce, bound_to)))

    def make(self) -> None:
        """Makes the key, which the module never gives out. Raises KeysUnavailable when there is one."""
        with self._lock:
            session = self._opened()
            if self._found(session) is not None:
                raise KeysUnavailable(
                    f"the token {self.token} has a key {self.label} already", remedy="Use it: keyrings may need it."
                )
            try:
                session.generate_key(
                    KeyType.AES,
                    _BITS,
                    label=self.label,
                    store=True,
                    template={
                        Attribute.ENCRYPT: True,
                        Attribute.DECRYPT: True,
                        Attribute.SENSITIVE: True,
                        Attribute.EXTRACTABLE: False,
                    },
                )
            except pkcs11.PKCS11Error as error:
                raise _unavailable(
                    "the module makes no key", error, "Give its user the right to make AES keys."
                ) from error

    def check(self) -> None:
        """That the key is there and opens what it seals. Raises KeysUnavailable."""
        probe = secrets.token_bytes(32)
        if self.open(self.seal(probe, bound_to=b"check"), bound_to=b"check") != probe:
            raise KeysUnavailable("the module's key does not open what it sealed", remedy="Check the module.")

    def _with_key(self, deed: Callable[[Any], bytes]) -> bytes:
        """What `deed` does with the key; tried once more, in a new session, when the module refuses."""
        with self._lock:
            try:
                return deed(self._key())
            except pkcs11.PKCS11Error:  # the session ended with the module, or the token was taken out
                self._session = None
            try:
                return deed(self._key())
            except pkcs11.PKCS11Error as error:
                raise _unavailable(
                    "the module's key does not open or seal this keyring",
                    error,
                    "If parley keys check finds nothing wrong, restore the keys directory, or the token.",
                ) from error

    def _key(self) -> Any:
        session = self._opened()
        key = self._found(session)
        if key is None:
            raise KeysUnavailable(
                f"the token {self.token} has no key {self.label}",
                remedy="Make one with: parley keys make. If keyrings exist, restore the token instead.",
            )
        return key

    def _found(self, session: Any) -> Any:
        wanted = {
            Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.LABEL: self.label,
        }  # fmt: skip
        found = list(session.get_objects(wanted))  # to its end: a search that is left open ends with a complaint
        return found[0] if found else None

    def _opened(self) -> Any:
        """The session of this process."""
        if self._session is None or self._process != os.getpid():
            self._session, self._process = None, os.getpid()
            self._session = self._login(self._found_token())
        return self._session

    def _found_token(self) -> Any:
        try:
            library = pkcs11.lib(str(self.library))
            library.reinitialize()  # also in a process that was forked, and after the module was restarted
            return library.get_token(token_label=self.token)
        except pkcs11.NoSuchToken as error:
            remedy = "Check keys.token, and that the token is there."
            raise KeysUnavailable(f"the module has no token {self.token}", remedy=remedy) from error
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise _unavailable("the PKCS#11 module cannot be used", error, "Check keys.module.") from error

    def _login(self, token: Any) -> Any:
        pin = self.pin()
        mark = hashlib.sha256(pin.encode()).digest()
        if mark == self._refused:
            raise KeysUnavailable("the token refused this PIN before", remedy="Correct it: nothing more is tried.")
        try:
            return token.open(user_pin=pin, rw=True)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked) as error:
            self._refused = mark
            raise _unavailable(
                "the token refuses the PIN", error, "Correct the file of keys.pin_file, or PARLEY_KEYS_PIN."
            ) from error
        except pkcs11.PKCS11Error as error:
            raise _unavailable("the token cannot be opened", error, "Check the module and its token.") from error


def pin_reader(*, file: str, pin: str) -> Callable[[], str]:
    """Reads the PIN from `file` each time, else gives `pin`. The reader raises KeysUnavailable."""

    def read() -> str:
        if not file:
            return pin
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeysUnavailable("the PIN cannot be read", remedy="Check the file of keys.pin_file.") from error

    return read


def _gcm(nonce: bytes, bound_to: bytes) -> dict[str, Any]:
    params = GCMParams(nonce, aad=VERSION + bound_to, tag_bits=_TAG_BITS)
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": params}


def _unavailable(what: str, error: Exception, remedy: str) -> KeysUnavailable:
    """The module's own word for it is the name of its error; its text could hold anything."""
    return KeysUnavailable(f"{what}: {type(error).__name__}", remedy=remedy)
