"""The keys of one customer, made ready for small fields of recordings: notes, tags, words, saved searches.

They are read from the keyring and kept for half a minute, in each thread for itself: a page of the list opens fifty
sheets under as many epochs, and most of them were opened a page before.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from parley.foundation.words import fold, words_of
from parley.recordings.models import SealingEpoch
from parley.recordings.types import NAME_INDEX
from parley.sealing.api import FieldOpener, FieldSealer, Readable, blind_index, epoch_of
from parley.tenancy import api as tenancy

NOTE_INDEX: Final = "note word"
"""Blind-index field of a word of a note; value is a folded word."""
TAG_INDEX: Final = "tag"
"""Blind-index field of a tag; value is the folded tag as a whole."""
_KEPT_SECONDS: Final = 30.0
_MOST: Final = 64

_local = threading.local()


@dataclass
class Keys:
    """Those of one customer in one thread. `opener` is None where only the customer can open."""

    sealer: FieldSealer = field(repr=False)
    opener: FieldOpener | None = field(repr=False)
    index_keys: dict[str, bytes] = field(repr=False, default_factory=dict)
    until: float = 0.0

    def index(self, name: str, value: str) -> bytes:
        """The blind index of a canonical value of the field `name`, for the customer in scope."""
        key = self.index_keys.get(name)
        if key is None:
            key = self.index_keys[name] = tenancy.keyring().index_key(tenancy.current(), name)
        return blind_index(key, field=name, value=value)

    def note_words(self, text: str) -> list[bytes]:
        """The blind indexes of the different words of a note."""
        return [self.index(NOTE_INDEX, word) for word in dict.fromkeys(words_of(text))]

    def name_words(self, text: str) -> list[bytes]:
        """The blind indexes of the different words of a name."""
        return [self.index(NAME_INDEX, word) for word in dict.fromkeys(words_of(text))]

    def tag(self, tag: str) -> bytes:
        """The blind index of a tag: spelling counts, capitals and accents do not."""
        return self.index(TAG_INDEX, fold(one_line(tag)))

    def seal(self, text: str, *, place: bytes, at: datetime) -> tuple[UUID, bytes]:
        """The epoch and the sealed text, for the row that `place` names; the epoch's row is there afterwards."""
        sealed = self.sealer.seal(text.encode(), aad=place, now=at.timestamp())
        epoch = epoch_of(sealed.data)
        SealingEpoch.objects.bulk_create([SealingEpoch(id=epoch, wrapped=sealed.wrapped)], ignore_conflicts=True)
        return epoch, sealed.data

    def open(self, sealed: Readable, wrapped: Readable, *, place: bytes) -> str | None:
        """The text, None where only the customer can open it. Raises SealingError when the row was altered."""
        if self.opener is None:
            return None
        return self.opener.open_column(bytes(sealed), wrapped=bytes(wrapped), aad=place).decode()


def keys() -> Keys:
    """Those of the customer in scope."""
    customer = tenancy.current()
    held: dict[tuple[UUID, tuple[str, ...]], Keys] = _local.__dict__.setdefault("keys", {})
    place, now = (customer.id, customer.recipients), time.monotonic()
    known = held.get(place)
    if known is not None and now < known.until:
        return known
    for old in [one for one, each in held.items() if each.until <= now or len(held) > _MOST]:
        del held[old]
    identities = tenancy.keyring().identities(customer)
    made = held[place] = Keys(
        sealer=FieldSealer(customer.recipients),
        opener=FieldOpener(identities) if identities else None,
        until=now + _KEPT_SECONDS,
    )
    return made


def one_line(text: str) -> str:
    """A text without breaks, and with single spaces."""
    return " ".join(text.split())
