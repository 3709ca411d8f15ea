"""Contacts that are one person: found by equal tokens, made one by choice."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal
from uuid import UUID

from django.db import connection, transaction

from parley.contacts import models, rows
from parley.contacts.directories import require_change, visible_ids
from parley.contacts.errors import ContactRefused
from parley.contacts.fields import check
from parley.contacts.reading import usable
from parley.contacts.tools import KEEP, Tools, leave, require, tools
from parley.contacts.types import STANDARD_FIELDS, STORE_NAME, Contact, Duplicate, NewContact
from parley.contacts.writing import one, unknown, write
from parley.inventory.api import Held
from parley.people.api import Viewer
from parley.retention import api as retention

_MOST_OF_ONE: Final = 20
_SHARED: Final = """
SELECT token, (array_agg(id ORDER BY id))[1:%s] FROM (
    SELECT DISTINCT unnest(c.addresses) AS token, c.id FROM contacts_contact c WHERE true{seen}
) each GROUP BY token HAVING count(*) > 1 ORDER BY count(*) DESC, min(id::text) LIMIT %s
"""
_JOINED: Final = ("numbers", "emails", "addresses", "purposes", "shared_with")
_CHOSEN: Final = (*(name for name in STANDARD_FIELDS if name not in _JOINED), "source", "citizenship")


def duplicates(
    *, directory: UUID | None = None, limit: int = 50, viewer: Viewer | None = None
) -> tuple[Duplicate, ...]:
    """Contacts with the same number, the same e-mail address, or the same name at the same company."""
    seen, made = visible_ids(viewer, directory), tools()
    with connection.cursor() as cursor:
        cursor.execute(
            _SHARED.format(seen="" if seen is None else " AND c.directory_id = ANY(%s)"),
            [_MOST_OF_ONE, *([] if seen is None else [seen]), limit],
        )
        groups = cursor.fetchall()
    known = {row.id: row for row in usable(rows.read(made, sorted({one for _, ids in groups for one in ids})))}
    found: dict[frozenset[UUID], Duplicate] = {}
    for token, ids in groups:
        held = [known[one] for one in ids if one in known]
        if len(held) > 1:
            why = _why(made, token, held[0])
            found.setdefault(frozenset(ids), Duplicate(why=why, lines=tuple(row.line() for row in held)))
    return tuple(found.values())


def _why(made: Tools, token: int, row: rows.Row) -> Literal["number", "email", "name"]:
    if row.sealed:
        return "number"
    if any(made.tokeniser.number(number.value) == token for number in row.fields.numbers):
        return "number"
    return "email" if any(made.tokeniser.email(email) == token for email in row.fields.emails) else "name"


def merge(
    keep: UUID,
    others: Sequence[UUID],
    *,
    fields: Mapping[str, UUID],
    by: str,
    at: datetime,
    viewer: Viewer | None = None,
) -> Contact:
    """Make one contact of several: each field from the contact that `fields` names ("title": id), else what `keep` has,
    else the first of `others` that has any; numbers and addresses of all. Consents of all go to it. Objections need
    nothing: they stand by number and address. The others are erased, so one that is held refuses the merge. Raises
    NoSuchContact, MayNotChange, ContactRefused, SealedToCustomer."""
    if keep in others or len({keep, *others}) != len(others) + 1:
        raise ContactRefused("a contact is merged with others", remedy="Choose at least two.", field="others")
    clause = require(KEEP, at=at)
    tools().require_opener()
    with transaction.atomic():
        held = {row.id: row for row in rows.read(tools(), sorted([keep, *others]), lock=True)}
        if held.keys() != {keep, *others}:
            raise unknown()
        for row in held.values():
            one(row.id, viewer=viewer)
            require_change(row.directory_id, viewer)
        merged = check(_merged([held[name] for name in (keep, *others)], fields))
        models.Consent.objects.filter(contact_id__in=others).update(contact_id=keep)
        write(held[keep], merged, at=at)
        gone = [Held(store=STORE_NAME, kind="contact", id=held[name].id, at=held[name].changed_at) for name in others]
        done = retention.dispose(gone, cause="customer", reference=f"merged by {by}", at=at, by=by, clause=clause)
        if done.kept:
            raise ContactRefused(
                "one of them is held or restricted, and must stay as it is", remedy="Lift that first.", field="others"
            )
        details = {"contact": str(keep), "merged": [str(name) for name in others], "by": by}
        leave("contacts.merged", clause=clause, at=at, details=details)
    return replace(held[keep].contact(), changed_at=at, fields=merged)


def _merged(held: Sequence[rows.Row], chosen: Mapping[str, UUID]) -> NewContact:
    by_id = {row.id: row.fields for row in held}
    values: dict[str, Any] = {}
    for name in _CHOSEN:
        if name == "custom":
            continue
        if name in chosen and chosen[name] in by_id:
            values[name] = getattr(by_id[chosen[name]], name)
        else:
            every = (getattr(fields, name) for fields in by_id.values())
            values[name] = next((value for value in every if value), getattr(held[0].fields, name))
    for name in _JOINED:
        values[name] = tuple(dict.fromkeys(value for row in held for value in getattr(row.fields, name)))
    values["numbers"] = tuple({number.value: number for number in reversed(values["numbers"])}.values())[::-1]
    custom: dict[str, str] = {}
    for row in reversed(held):
        custom |= row.fields.custom
    for name, source in chosen.items():
        key = name.removeprefix("custom.")
        if name != key and source in by_id and key in by_id[source].custom:
            custom[key] = by_id[source].custom[key]
    ends = [row.fields.keep_until for row in held]
    return NewContact(
        **values,
        custom=MappingProxyType(custom),
        keep_until=None if None in ends else max(end for end in ends if end is not None),
        minor=any(row.fields.minor for row in held),
    )
