"""Reading contacts: one, a list, who is calling, those of a purpose."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from parley.contacts import rows
from parley.contacts.directories import visible_ids
from parley.contacts.errors import BadCursor
from parley.contacts.quick_numbers import canonical_number
from parley.contacts.tools import KEEP, leave, require, tools
from parley.contacts.types import STORE_NAME, Contact, ContactLine, Page
from parley.contacts.writing import one
from parley.people.api import Viewer
from parley.retention import api as retention
from parley.tenancy import api as tenancy

MOST_PER_PAGE: Final = 200
_CALLER: Final = """
SELECT {columns}, c.addresses FROM contacts_contact c WHERE c.addresses && %s::bigint[]{seen}
ORDER BY c.changed_at DESC, c.id DESC
"""
_LIST: Final = """
SELECT {columns} FROM contacts_contact c WHERE true{seen}{after} ORDER BY c.changed_at DESC, c.id DESC LIMIT %s
"""
_TAGGED: Final = """
WITH found AS MATERIALIZED (SELECT {columns} FROM contacts_contact c WHERE {where})
SELECT * FROM found c ORDER BY c.id LIMIT %s
"""


def get(contact: UUID, *, viewer: Viewer | None = None) -> Contact:
    """One contact. Raises NoSuchContact, UseRestricted."""
    found = one(contact, viewer=viewer)
    retention.require_usable(STORE_NAME, contact)
    return found.contact()


def get_for_person(contact: UUID) -> Contact:
    """One contact, for the person itself to end what is done with it: also while it rests. Raises NoSuchContact."""
    return one(contact).contact()


def consult(contacts: Sequence[UUID], *, by: str, at: datetime, why: str) -> tuple[Contact, ...]:
    """Contacts, with evidence of who looked at them and why (a purpose, a case; no personal data). Those that are gone
    or restricted are left out."""
    clause, made = require(KEEP, at=at), tools()
    with transaction.atomic():
        read, resting = tenancy.run_together(rows.reading(contacts), retention.asking_whether_any_rests(STORE_NAME))
        found = _usable(rows.in_order(rows.opened(made, read.rows), contacts), resting)
        _consulted(found, clause=clause, by=by, at=at, why=why)
    return tuple(row.contact() for row in found)


def find(
    *,
    purpose: str = "",
    source: str = "",
    shared_with: str = "",
    number: str = "",
    email: str = "",
    limit: int = 50,
    by: str,
    at: datetime,
    why: str,
) -> tuple[Contact, ...]:
    """The oldest contacts that have all of what is given, each compared as a whole, with evidence of who looked."""
    clause, made = require(KEEP, at=at), tools()
    token = made.tokeniser
    kinds = {"purpose": purpose, "source": source, "shared": shared_with}
    tags = [token.metadata(kind, value) for kind, value in kinds.items() if value]
    whole = [token.number(reading) for reading in readings(number)[:1] if number] + [token.email(email)] * bool(email)
    with transaction.atomic():
        asked: list[tuple[str, Any]] = [("c.tokens @@ %s::tsquery", " & ".join(tags))] if tags else []
        asked += [("c.addresses @> %s::bigint[]", whole)] if whole else []
        where = " AND ".join(condition for condition, _ in asked) or "true"
        read, resting = tenancy.run_together(
            (_TAGGED.format(columns=rows.COLUMNS, where=where), [*(value for _, value in asked), limit]),
            retention.asking_whether_any_rests(STORE_NAME),
        )
        found = _usable(rows.opened(made, read.rows), resting)
        _consulted(found, clause=clause, by=by, at=at, why=why)
    return tuple(row.contact() for row in found)


def listing(
    *, directory: UUID | None = None, limit: int = 50, cursor: str | None = None, viewer: Viewer | None = None
) -> Page:
    """All contacts that the viewer sees, newest first. Raises NoSuchDirectory, BadCursor."""
    limit = max(1, min(limit, MOST_PER_PAGE))
    seen, after, parameters = "", "", list[Any]()
    directories = visible_ids(viewer, directory)
    if directories is not None:
        seen = " AND c.directory_id = ANY(%s)"
        parameters.append(directories)
    if cursor is not None:
        after = " AND (c.changed_at, c.id) < (%s, %s)"
        parameters += read_cursor(cursor)
    with connection.cursor() as answered:
        answered.execute(_LIST.format(columns=rows.COLUMNS, seen=seen, after=after), [*parameters, limit + 1])
        found = rows.opened(tools(), answered.fetchall())
    more = found[limit - 1] if len(found) > limit else None
    shown = usable(found[:limit])
    return Page(lines=tuple(row.line() for row in shown), cursor=cursor_of(more.changed_at, more.id) if more else None)


def lookup(number: str, *, viewer: Viewer | None = None) -> ContactLine | None:
    """Who is calling? The newest contact with that number (E.164, or an extension), None for nobody. Under 2 ms."""
    return lookup_many([number], viewer=viewer).get(number)


def lookup_many(numbers: Sequence[str], *, viewer: Viewer | None = None) -> Mapping[str, ContactLine]:
    """The contacts of several numbers, by number as it was asked for."""
    made = tools()
    wanted: dict[int, list[str]] = {}
    for number in dict.fromkeys(numbers):
        for reading in readings(number):
            wanted.setdefault(made.tokeniser.number(reading), []).append(number)
    if not wanted:
        return {}
    seen = visible_ids(viewer)
    with connection.cursor() as cursor:
        cursor.execute(
            _CALLER.format(columns=rows.COLUMNS, seen="" if seen is None else " AND c.directory_id = ANY(%s)"),
            [list(wanted)] if seen is None else [list(wanted), seen],
        )
        found = _newest(cursor.fetchall(), wanted)
    opened = {row.id: row for row in usable(rows.opened(made, list(found.values())))}
    return {number: opened[row[0]].line() for number, row in found.items() if row[0] in opened}


def _newest(fetched: Sequence[Sequence[Any]], wanted: Mapping[int, list[str]]) -> dict[str, Sequence[Any]]:
    """The first row of each number: only these are opened."""
    found: dict[str, Sequence[Any]] = {}
    for row in fetched:
        for token in row[6]:
            for number in wanted.get(token, ()):
                found.setdefault(number, row)
    return found


def readings(number: str) -> list[str]:
    """What a number can mean: as it is, and dialled in each country where the customer has a trunk."""
    plain = canonical_number(number)
    customer = tenancy.current()
    if not number.strip() or plain.startswith("+") or customer.kind == "provider":
        return [plain] if plain else []
    regions = sorted({trunk.region for trunk in tenancy.trunks(customer)})
    return list(dict.fromkeys([plain, *(canonical_number(number, region) for region in regions)]))


def _usable(found: list[rows.Row], resting: tenancy.Answer) -> list[rows.Row]:
    """`usable`, after it was asked whether anything rests at all."""
    return usable(found) if resting.rows[0][0] else found


def usable(found: list[rows.Row]) -> list[rows.Row]:
    """Those whose use is not restricted."""
    if not found:
        return found
    resting = retention.restricted(STORE_NAME, [row.id for row in found])
    return [row for row in found if row.id not in resting]


def _consulted(found: Sequence[rows.Row], *, clause: str, by: str, at: datetime, why: str) -> None:
    details = {"contacts": [str(row.id) for row in found[:500]], "count": len(found), "by": by, "why": why}
    leave("contacts.consulted", clause=clause, at=at, details=details)


def cursor_of(at: datetime, identity: UUID) -> str:
    """A place in a list that is ordered by time and id."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}_{identity}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The place that `cursor_of` made. Raises BadCursor."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, identity = text.partition("_")
        return datetime.fromisoformat(at).astimezone(UTC), UUID(identity)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise BadCursor("this is no place in the list", remedy="Start at its first page.") from error
