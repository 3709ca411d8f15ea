"""What every store of personal data can do with the records of one person, or with those that are too old.

An offering declares its fields in `personal_data.py` and answers for its records with a `Store`. Retention, rights,
exports and the end of a contract know stores only: a new offering is found, handed out and erased without a change
there. All methods work for the customer in scope; `connect_stores` is called once, by the wiring.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, BinaryIO, ClassVar, Final, NamedTuple, Protocol, cast, runtime_checkable
from uuid import UUID

from parley.foundation.declarations import PersonalData
from parley.foundation.errors import ParleyError


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person, by what identifies it in the stores: numbers in E.164, e-mail addresses in lower case, ids of
    accounts, and records that somebody pointed out (name of the store, id)."""

    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    user_ids: tuple[UUID, ...] = ()
    records: tuple[tuple[str, UUID], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.numbers or self.emails or self.user_ids or self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One record of a store. `kind` is a key of the store's `kinds`; retention counts from `at`."""

    store: str
    kind: str
    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure removed: records with their rows, and objects."""

    records: int = 0
    objects: int = 0

    def __add__(self, other: "Erased") -> "Erased":
        return Erased(records=self.records + other.records, objects=self.objects + other.objects)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How records are written. `subject` None: all is the customer's own. With a subject, what others said or are is
    left out where `redact_others` (GDPR Art. 15(4)). `formats` are keys of `agreement.EXPORT_FORMATS` and "vcon"."""

    subject: Subject | None = None
    redact_others: bool = True
    formats: tuple[str, ...] = ("csv", "json", "mp3")


class Sink(Protocol):
    """Where an export is written: tables (CSV, and JSON lines with the same columns) and files."""

    def row(self, table: str, values: Mapping[str, Any]) -> None:
        """One line of a table; all lines of a table have the same columns, in the same order."""
        ...

    def file(self, name: str, media_type: str) -> AbstractContextManager[BinaryIO]:
        """A file to write forward only. Names are relative, with "/" between folders."""
        ...


class Store(Protocol):
    """The records of one offering. `name` is stable (evidence names it); `kinds` says each kind of record in words."""

    @property
    def name(self) -> str: ...
    @property
    def offering(self) -> str: ...
    @property
    def kinds(self) -> Mapping[str, str]: ...
    @property
    def models(self) -> frozenset[str]:
        """Labels of the models whose rows belong to records of this store."""
        ...

    def find(self, subject: Subject) -> Sequence[Held]:
        """The records that concern the person, oldest first. Raises what its database raises: never a part."""
        ...

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """Records of a kind with `at` before that instant, oldest first (at, id), those after `after`."""
        ...

    def count_older(self, kind: str, before: datetime) -> int:
        """How many there are."""
        ...

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """All records, by (at, id): what the end of a contract exports."""
        ...

    def erase(self, ids: Sequence[UUID]) -> Erased:
        """Remove records whole, in the caller's transaction: objects, renditions, index rows, rows. Idempotent: what
        is gone already counts nothing."""
        ...

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of which anything is left: a row, an index row, an object that a row named."""
        ...

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
        """Write records into an export, yielding each id when it is written. Streams: no record is kept whole."""
        ...

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:
        """Correct fields of one record, in the caller's transaction; names of the fields that changed.

        Raises CannotRectify for a field that is evidence of what happened (a recorded call), naming what to do instead.
        """
        ...


class Wiped(NamedTuple):
    """What there was of the records before, what went, and what is left."""

    before: frozenset[UUID]
    erased: Erased
    left: frozenset[UUID]


@runtime_checkable
class LooksAround(Protocol):
    """A store that looks before and after in the round trip in which it erases."""

    def wipe(self, ids: Sequence[UUID]) -> Wiped:
        """`present`, `erase` and `present` again."""
        ...


@cache
def _looks_around(kind: type) -> bool:
    return issubclass(kind, LooksAround)


def wipe(store: Store, ids: Sequence[UUID]) -> Wiped:
    """Erase records and look, before and afterwards, what the store has of them."""
    if _looks_around(type(store)):
        return cast(LooksAround, store).wipe(ids)
    before = store.present(ids)
    return Wiped(before=before, erased=store.erase(ids), left=store.present(ids))


class CannotRectify(ParleyError):
    """A field that cannot be corrected: it says what happened, or there is no such field."""

    error_id: ClassVar[str] = "inventory.cannot-rectify"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stores:
    """The stores of this installation, by name."""

    by_name: Mapping[str, Store] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Store]:
        return iter(self.by_name.values())

    def __getitem__(self, name: str) -> Store:
        return self.by_name[name]


_connected: list[Callable[[], Sequence[Store]]] = []
_FOUND_PER_PERSON: Final = frozenset({"number-index", "email", "user-id", "recording", "conversation", "record"})
"""The words of `FIND_BY` that tell persons apart: an erasure must reach these rows."""
_ACCOUNTS: Final = "people.User"


def connect_stores(make: Callable[[], Sequence[Store]]) -> None:
    """Wire what `stores` returns; `make` is called once, when somebody asks: nothing is loaded before it is needed."""
    _connected[:] = [make]
    stores.cache_clear()


@cache
def stores() -> Stores:
    """The stores of all offerings, in the order of the wiring."""
    return Stores(by_name={store.name: store for make in _connected for store in make()})


def uncovered(declarations: Sequence[PersonalData], known: Stores) -> tuple[str, ...]:
    """Labels of models that hold data found by person, and that no store answers for: an erasure that does not reach
    them is not complete.

    A row that knows a person by the id of its account alone (who signed, who decided) is reached by the store of the
    accounts: when that erases the account, the id names nobody any more, and what was done stays proved.
    """
    covered = frozenset[str]().union(*(store.models for store in known))
    through_accounts = frozenset({"user-id"} if _ACCOUNTS in covered else ())
    return tuple(
        sorted(
            {
                one.model
                for one in declarations
                if one.find_by in _FOUND_PER_PERSON - through_accounts and one.model not in covered
            }
        )
    )
