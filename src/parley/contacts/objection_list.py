"""The objection list as its keeper reads it: who objected to what, since when; and whether somebody is on it.

Entries are blind indexes: whom one is about can be told only while a contact holds the same number or address. An
entry without such a contact says its kind and its time, and no more: it was kept so that nobody is named (GDPR
Art. 5(1)(c)), and still keeps the person from being written to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final, Literal, cast
from uuid import UUID

from django.db import connection

from parley.contacts import rows
from parley.contacts.consent_rules import EVERYTHING
from parley.contacts.consents import indexes_of, objections_of, token_of
from parley.contacts.directories import visible_ids
from parley.contacts.errors import ContactRefused
from parley.contacts.formats.writing import CsvWriter, Outgoing
from parley.contacts.quick_numbers import canonical_number
from parley.contacts.reading import cursor_of, read_cursor, usable
from parley.contacts.tools import KEEP, leave, require, tools
from parley.contacts.tools import decide as ask
from parley.contacts.types import Channel, ContactLine, ObjectionView
from parley.people.api import Viewer

MOST_PER_PAGE: Final = 200
_BATCH: Final = 500
_ADDRESS: Final = "('x' || encode(substring(o.value FROM 2 FOR 8), 'hex'))::bit(64)::bigint"
_KNOWN: Final = "EXISTS (SELECT FROM contacts_contact c WHERE c.addresses @> ARRAY[" + _ADDRESS + "]{seen})"
_ENTRIES: Final = """
SELECT o.id, o.field, o.value, o.purpose, o.channel, o.at, o.ground FROM contacts_objection o
WHERE {where} ORDER BY o.at DESC, o.id DESC LIMIT %s
"""
_WHOSE: Final = """
SELECT DISTINCT ON (c.changed_at, c.id) {columns}, c.addresses
FROM unnest(%s::bigint[]) wanted JOIN contacts_contact c ON c.addresses @> ARRAY[wanted]{seen}
ORDER BY c.changed_at DESC, c.id DESC
"""
"""Each address by itself from the index: for some hundreds at once the planner would read all contacts."""
_COUNTS: Final = "SELECT field, count(*) FROM contacts_objection GROUP BY field"
_PURPOSES: Final = "SELECT DISTINCT purpose FROM contacts_objection ORDER BY purpose LIMIT 100"
_COLUMNS: Final = (
    "since", "kind", "purpose", "channel", "how it came", "contact", "name", "company", "number or address",
)  # fmt: skip

Field = Literal["number", "email"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionLine:
    """Entries that are shown as one: those of a person from one moment, or those of a day that nobody is known to.

    `entries` counts them by what is on the list; `at` is the newest. `contacts` hold the same number or address, as far
    as the viewer sees them; `addresses` are those numbers and addresses ("" of none that can be opened).
    """

    at: datetime
    purpose: str
    channel: Channel
    ground: str
    entries: Mapping[Field, int]
    contacts: tuple[ContactLine, ...] = field(default=(), repr=False)
    addresses: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionPage:
    """Lines, newest first; `cursor` asks for the next ones, None when there are no more."""

    lines: tuple[ObjectionLine, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    id: UUID
    field: Field
    token: int
    purpose: str
    channel: Channel
    at: datetime
    ground: str
    contacts: tuple[ContactLine, ...] = ()
    address: str = ""


def objection_list(
    *,
    purpose: str = "",
    channel: str = "",
    known: bool | None = None,
    limit: int = 50,
    cursor: str | None = None,
    viewer: Viewer | None = None,
) -> ObjectionPage:
    """A page of the list, newest first. `purpose` and `channel`: entries that hold for them, those to everything too;
    `known`: only those with a contact that the viewer sees, or only those without. `limit` counts entries. Raises
    BadCursor."""
    limit = max(1, min(limit, MOST_PER_PAGE))
    after = read_cursor(cursor) if cursor is not None else None
    found = _entries(purpose, channel, known=known, after=after, limit=limit + 1, viewer=viewer)
    shown = found[:limit]
    return ObjectionPage(
        lines=tuple(_lines(shown)),
        cursor=cursor_of(shown[-1].at, shown[-1].id) if len(found) > limit else None,
    )


def objection_counts() -> Mapping[str, int]:
    """How many entries there are, by what is on the list ("number", "email")."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS)
        return {kind: int(count) for kind, count in cursor.fetchall()}


def objection_purposes() -> tuple[str, ...]:
    """What was objected to, each once."""
    with connection.cursor() as cursor:
        cursor.execute(_PURPOSES)
        return tuple(purpose for (purpose,) in cursor.fetchall())


def check_objection(address_or_number: str, *, by: str, at: datetime) -> tuple[ObjectionView, ...]:
    """What is on the list of this number or e-mail address, newest first; leaves evidence that somebody looked, without
    whom. No gate refuses it: it spares people. Raises ContactRefused for what is neither."""
    given = address_or_number.strip()
    kind = "email" if "@" in given else "number"
    if kind == "email":
        indexes = indexes_of(emails=[given])
    elif len(given) <= 64 and any(one.isdigit() for one in canonical_number(given)):
        indexes = indexes_of(numbers=[given])
    else:
        raise ContactRefused(
            "this is neither a number nor an e-mail address",
            remedy="Write it like +39 0584 943232, or office@example.org.",
            field="who",
        )
    found = objections_of(indexes)
    details = {"kind": kind, "entries": len(found), "by": by}
    leave("objections.checked", clause=ask(KEEP, at=at).clause or "GDPR", at=at, details=details)
    return found


def export_objections(
    *, purpose: str = "", channel: str = "", known: bool | None = None, by: str, at: datetime, viewer: Viewer | None
) -> Iterator[bytes]:
    """The list as CSV, one entry a line, piece by piece. Asks the gate and leaves evidence before this returns. Raises
    GateRefused."""
    clause = require("export-data", at=at)
    leave("objections.exported", clause=clause, at=at, details={"by": by, "purpose": purpose, "channel": channel})
    return _csv(purpose, channel, known, viewer)


def _csv(purpose: str, channel: str, known: bool | None, viewer: Viewer | None) -> Iterator[bytes]:
    out = Outgoing()
    table, after = CsvWriter(out, _COLUMNS), None
    while found := _entries(purpose, channel, known=known, after=after, limit=_BATCH, viewer=viewer):
        for one in found:
            first = one.contacts[0] if one.contacts else None
            table.row((
                one.at.astimezone(UTC).isoformat(timespec="seconds"), one.field, one.purpose, one.channel, one.ground,
                str(first.id) if first else "", first.name if first else "", first.company if first else "",
                one.address,
            ))  # fmt: skip
        after = (found[-1].at, found[-1].id)
        yield out.take()
    yield out.take()


def _entries(
    purpose: str,
    channel: str,
    *,
    known: bool | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    viewer: Viewer | None,
) -> list[_Entry]:
    seen = visible_ids(viewer)
    where, values = ["true"], list[Any]()
    for column, wanted in (("purpose", purpose), ("channel", channel)):
        if wanted:
            where.append(f"o.{column} IN (%s, %s)")
            values += [wanted, EVERYTHING]
    if known is not None:
        where.append(("" if known else "NOT ") + _KNOWN.format(seen=_seen(seen)))
        values += [] if seen is None else [seen]
    if after is not None:
        where.append("(o.at, o.id) < (%s, %s)")
        values += after
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES.format(where=" AND ".join(where)), [*values, limit])
        found = [
            _Entry(one, kind, token_of(bytes(value)), what, way, at, ground)
            for one, kind, value, what, way, at, ground in cursor.fetchall()
        ]
    return _named(found, seen)


def _named(entries: Sequence[_Entry], seen: Sequence[UUID] | None) -> list[_Entry]:
    """The entries with whoever holds that number or address; nobody whose use is restricted (GDPR Art. 18)."""
    wanted = {one.token for one in entries}
    if not wanted:
        return []
    made = tools()
    with connection.cursor() as cursor:
        values: list[Any] = [sorted(wanted)] if seen is None else [sorted(wanted), seen]
        cursor.execute(_WHOSE.format(columns=rows.COLUMNS, seen=_seen(seen)), values)
        fetched = cursor.fetchall()
    holding: dict[int, list[rows.Row]] = {}
    addresses = {row[0]: row[6] for row in fetched}
    clear: dict[int, str] = {}
    for row in usable(rows.opened(made, fetched)):
        for token in wanted.intersection(addresses[row.id]):
            holding.setdefault(token, []).append(row)
        clear |= {made.tokeniser.number(one.value): one.value for one in row.fields.numbers}
        clear |= {made.tokeniser.email(one): one for one in row.fields.emails}
    return [
        _Entry(
            one.id, one.field, one.token, one.purpose, one.channel, one.at, one.ground,
            tuple(row.line() for row in holding.get(one.token, ())), clear.get(one.token, ""),
        )
        for one in entries
    ]  # fmt: skip


def _lines(entries: Sequence[_Entry]) -> Iterator[ObjectionLine]:
    """Neighbours that say the same are one line: of one person and moment, or of one day where nobody is known."""

    def same(one: _Entry) -> tuple[Any, ...]:
        who = tuple(each.id for each in one.contacts)
        when = one.at if who else one.at.astimezone(UTC).date()
        return who, when, one.purpose, one.channel, one.ground

    for _key, group in groupby(entries, key=same):
        alike = list(group)
        first = alike[0]
        counts = {kind: sum(one.field == kind for one in alike) for kind in ("email", "number")}
        yield ObjectionLine(
            at=first.at, purpose=first.purpose, channel=first.channel, ground=first.ground, contacts=first.contacts,
            entries={cast(Field, kind): count for kind, count in counts.items() if count},
            addresses=tuple(dict.fromkeys(one.address for one in alike if one.address)),
        )  # fmt: skip


def _seen(seen: Sequence[UUID] | None) -> str:
    return "" if seen is None else " AND c.directory_id = ANY(%s)"
