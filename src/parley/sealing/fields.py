"""Small fields (names, numbers, addresses) sealed by a writer that forgets its key every hour.

A writer makes an AES-256-GCM key for each epoch, wraps it to the recipients as a small age file, and forgets it when
the epoch ends. Who steals the writer's memory reads what was sealed in the last epoch, not what lies in the database.

Stored column: epoch id 16 | nonce 12 | ciphertext and tag. Associated data: epoch id, then the caller's `aad`, so that
a field opens in its own place only. The wrapped file holds the epoch id and the key.
"""

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley.foundation.ids import new_id

from .errors import PayloadError
from .keys import Identity, Recipient, identities_of, recipients_of
from .stream import Readable, open_bytes, seal_bytes

_EPOCH_ID_LENGTH = 16
_NONCE_LENGTH = 12
_TAG_LENGTH = 16
_KEY_LENGTH = 32
_MAXIMUM_SEALS = 1 << 28  # random nonces of one key: far below the 2^32 of NIST SP 800-38D section 8.3
_KEPT_EPOCHS = 1024


@dataclass(frozen=True, slots=True)
class SealedField:
    """A sealed value: `data` is what the column holds, `wrapped` the epoch's key, kept once for each epoch."""

    epoch_id: UUID
    wrapped: bytes = field(repr=False)
    data: bytes = field(repr=False)


def epoch_of(data: Readable) -> UUID:
    """The epoch whose wrapped key opens the column `data`. Raises PayloadError when it is too short to be sealed."""
    if len(data) < _EPOCH_ID_LENGTH + _NONCE_LENGTH + _TAG_LENGTH:
        raise PayloadError("a sealed field is too short", remedy="the row was altered: restore it")
    return UUID(bytes=bytes(data[:_EPOCH_ID_LENGTH]))


class FieldSealer:
    """Seals small values to the recipients, under a fresh key each `epoch_seconds`."""

    def __init__(self, recipients: Sequence[str | Recipient], *, epoch_seconds: float = 3600) -> None:
        self._recipients = recipients_of(recipients)
        self._epoch_seconds = epoch_seconds
        self._epoch: Epoch | None = None

    def seal(self, value: Readable, *, aad: bytes, now: float) -> SealedField:
        """`value` sealed for the place that `aad` names. `now`: Unix seconds; it decides the epoch only."""
        epoch = self.epoch(now=now, seals=1)
        return SealedField(epoch_id=epoch.id, wrapped=epoch.wrapped, data=epoch.seal(value, aad=aad))

    def epoch(self, *, now: float, seals: int) -> "Epoch":
        """The epoch of `now`, for so many values that are sealed at once: whoever has it forgets it soon."""
        epoch = self._epoch
        if epoch is None or not epoch.started <= now < epoch.started + self._epoch_seconds or epoch.left < seals:
            epoch = self._epoch = Epoch(self._recipients, now=now)
        epoch.left -= seals
        return epoch

    def forget(self, *, now: float) -> None:
        """Drop the key if its epoch is over. Call it now and then: a writer that seals nothing misses the hour."""
        epoch = self._epoch
        if epoch is not None and not epoch.started <= now < epoch.started + self._epoch_seconds:
            self._epoch = None


class FieldOpener:
    """Opens sealed fields with the identities of the customer; keeps the keys of the last 1,024 epochs that it met."""

    def __init__(self, identities: Sequence[str | Identity]) -> None:
        self._identities = identities_of(identities)
        self._ciphers: OrderedDict[UUID, AESGCM] = OrderedDict()

    def open(self, sealed: SealedField, aad: bytes) -> bytes:
        """The value. Raises PayloadError when it was altered or moved, NoIdentityMatchesError, HeaderError."""
        if epoch_of(sealed.data) != sealed.epoch_id:
            raise PayloadError("a sealed field names another epoch", remedy="the row was altered: restore it")
        return self._value(sealed, aad)

    def open_column(self, data: bytes, *, wrapped: bytes, aad: bytes) -> bytes:
        """The value of a stored column, with the wrapped key of its epoch. Raises as `open` does."""
        return self._value(SealedField(epoch_id=epoch_of(data), wrapped=wrapped, data=data), aad)

    def _value(self, sealed: SealedField, aad: bytes) -> bytes:
        cipher = self._cipher(sealed)
        nonce = sealed.data[_EPOCH_ID_LENGTH : _EPOCH_ID_LENGTH + _NONCE_LENGTH]
        try:
            return cipher.decrypt(nonce, sealed.data[_EPOCH_ID_LENGTH + _NONCE_LENGTH :], sealed.epoch_id.bytes + aad)
        except InvalidTag as error:
            raise PayloadError(
                "a sealed field does not authenticate", remedy="the row was altered: restore it"
            ) from error

    def _cipher(self, sealed: SealedField) -> AESGCM:
        known = self._ciphers.get(sealed.epoch_id)
        if known is not None:
            self._ciphers.move_to_end(sealed.epoch_id)
            return known
        plaintext = open_bytes(sealed.wrapped, self._identities)
        if len(plaintext) != _EPOCH_ID_LENGTH + _KEY_LENGTH or plaintext[:_EPOCH_ID_LENGTH] != sealed.epoch_id.bytes:
            raise PayloadError("a wrapped key belongs to another epoch", remedy="the row was altered: restore it")
        cipher = self._ciphers[sealed.epoch_id] = AESGCM(plaintext[_EPOCH_ID_LENGTH:])
        if len(self._ciphers) > _KEPT_EPOCHS:
            self._ciphers.popitem(last=False)
        return cipher


class Epoch:
    """A key while it may be used. `wrapped` is kept once for all that it sealed."""

    def __init__(self, recipients: Sequence[Recipient], *, now: float) -> None:
        key = os.urandom(_KEY_LENGTH)
        self.id = new_id(at=datetime.fromtimestamp(now, UTC))
        self.started = now
        self.left = _MAXIMUM_SEALS
        self._cipher = AESGCM(key)
        self._name = self.id.bytes
        self.wrapped = seal_bytes(self.id.bytes + key, recipients)

    def seal(self, value: Readable, *, aad: bytes) -> bytes:
        """What the column holds, for the place that `aad` names."""
        # Random nonces, not a counter: a forked process would count on from the same number under the same key.
        nonce = os.urandom(_NONCE_LENGTH)
        return self._name + nonce + self._cipher.encrypt(nonce, value, self._name + aad)
