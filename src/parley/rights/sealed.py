"""Values about the person, sealed to the customer: by a writer that forgets its key each hour, opened where we may."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final, Self
from uuid import UUID

from parley.foundation.numbers import canonical_number, parse_e164
from parley.rights.models import Epoch
from parley.sealing.api import FieldOpener, FieldSealer, blind_index
from parley.tenancy import api as tenancy

_sealers: Final[dict[tuple[UUID, tuple[str, ...]], FieldSealer]] = {}
_lock: Final = Lock()
_MOST_SEALERS: Final = 256


def seal(values: Mapping[str, str], *, place: str, at: datetime) -> tuple[Epoch, bytes]:
    """`values` sealed for `place` ("request:<id>"), and the epoch, whose row is there afterwards."""
    customer = tenancy.current()
    with _lock:
        if len(_sealers) > _MOST_SEALERS:
            _sealers.clear()
        sealer = _sealers.setdefault((customer.id, customer.recipients), FieldSealer(customer.recipients))
        sealed = sealer.seal(json.dumps(dict(values)).encode(), aad=place.encode(), now=at.timestamp())
    epoch = Epoch(id=sealed.epoch_id, wrapped=sealed.wrapped)
    Epoch.objects.bulk_create([epoch], ignore_conflicts=True)
    return epoch, sealed.data


@dataclass(frozen=True)
class Reader:
    """Opens what was sealed, for the length of one deed; `opener` is None where only the customer can."""

    opener: FieldOpener | None

    @classmethod
    def here(cls) -> Self:
        """With the identities in the keyring of whoever is in scope, if there are any."""
        identities = tenancy.keyring().identities(tenancy.current())
        return cls(FieldOpener(identities) if identities else None)

    @property
    def can_open(self) -> bool:
        return self.opener is not None

    def read(self, sealed: bytes | memoryview | None, epoch: Epoch | None, *, place: str) -> Mapping[str, str]:
        """The values, empty where nothing is, or it stays sealed. Raises SealingError when the row was altered."""
        if self.opener is None or sealed is None or epoch is None:
            return {}
        clear = self.opener.open_column(bytes(sealed), wrapped=bytes(epoch.wrapped), aad=place.encode())
        values: dict[str, str] = json.loads(clear)
        return values


def canonical_email(raw: str) -> str:
    """An e-mail address as it is indexed: in small letters."""
    return raw.strip().lower()


def canonical_phone(raw: str) -> str:
    """A number as it is indexed: E.164 where a country of the customer's trunks makes it one."""
    if parse_e164(raw) is None:
        for trunk in tenancy.trunks(tenancy.current()):
            if (number := parse_e164(raw, trunk.region)) is not None:
                return number
    return canonical_number(raw)


def email_index(address: str) -> bytes:
    """The blind index of an e-mail address for whoever is in scope: the same in all stores."""
    return _index("email", canonical_email(address))


def number_index(number: str) -> bytes:
    """The blind index of a number: the recordings' one."""
    return _index("number", canonical_phone(number))


def _index(field: str, value: str) -> bytes:
    key = tenancy.keyring().index_key(tenancy.current(), field)
    return blind_index(key, field=field, value=value)
