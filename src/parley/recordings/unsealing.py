"""Party sheets in clear, where the provider holds the customer's keys."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from parley.recordings.keys import keys
from parley.recordings.types import PartySheet, party_aad
from parley.sealing.api import FieldOpener

_NOTHING = PartySheet(parties=())


@dataclass(frozen=True)
class PartyReader:
    """Opens party sheets for the length of one request; `opener` is None where only the customer can."""

    opener: FieldOpener | None

    @classmethod
    def for_current_customer(cls) -> Self:
        """With the identities in the keyring, if there are any."""
        return cls(keys().opener)

    @property
    def can_open(self) -> bool:
        """Whether the provider holds a key."""
        return self.opener is not None

    def read(self, *, recording_id: UUID, sealed: bytes | memoryview, wrapped: bytes | memoryview) -> PartySheet:
        """The sheet, empty where it stays sealed. Raises SealingError when the row was altered."""
        if self.opener is None:
            return _NOTHING
        clear = self.opener.open_column(bytes(sealed), wrapped=bytes(wrapped), aad=party_aad(recording_id))
        return PartySheet.from_json(clear)
