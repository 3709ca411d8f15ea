"""Adding, changing and removing contacts, one or a few at a time. The gate first, evidence in the same transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from psycopg.errors import NotNullViolation

from parley.contacts import rows
from parley.contacts.directories import require_change, visible_ids
from parley.contacts.errors import NoSuchContact, NoSuchDirectory
from parley.contacts.fields import changed, check, check_metadata
from parley.contacts.tools import KEEP, keep_epoch, leave, require, tools
from parley.contacts.tools import decide as ask
from parley.contacts.types import STORE_NAME, Contact, Metadata, NewContact
from parley.foundation.ids import new_id
from parley.inventory.api import Held
from parley.people.api import Viewer
from parley.retention import api as retention
from parley.tenancy import api as tenancy

_DIRECTORY: Final = "SELECT id FROM contacts_directory WHERE id = %s FOR KEY SHARE"
_LOCKED: Final = """
SELECT id, directory_id, changed_at FROM contacts_contact WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE
"""


def add(new: NewContact, *, directory: UUID, by: str, at: datetime, viewer: Viewer | None = None) -> UUID:
    """The id of a new contact. Raises ContactRefused, GateRefused, NoSuchDirectory, MayNotChange."""
    checked = check(new, region=_region_for(new))
    clause = require(KEEP, at=at, minors=checked.minor, citizenship=checked.citizenship)
    require_change(directory, viewer)
    made, contact = tools(), new_id(at=at)
    sealed = made.seal(contact, checked)
    try:
        with transaction.atomic():
            keep_epoch(sealed)
            rows.insert(made, contact, checked, directory=directory, sealed=sealed, changed_at=at)
            leave("contact.added", clause=clause, at=at, details={"contact": str(contact), "by": by})
    except IntegrityError as error:
        if isinstance(error.__cause__, NotNullViolation) and error.__cause__.diag.column_name == "directory_id":
            raise _no_directory() from error
        raise
    return contact


def update(
    contact: UUID, fields: NewContact, *, by: str, at: datetime, viewer: Viewer | None = None
) -> tuple[str, ...]:
    """Set all fields anew; names of those that changed: all that are given, where only the customer can open what was
    there before. Raises NoSuchContact, MayNotChange, ContactRefused, GateRefused, UseRestricted."""
    checked = check(fields, region=_region_for(fields))
    clause = require(KEEP, at=at, minors=checked.minor, citizenship=checked.citizenship)
    with transaction.atomic():
        before = one(contact, lock=True, viewer=viewer)
        require_change(before.directory_id, viewer)
        names = changed(before.fields, checked)
        if not names and not before.sealed:
            return ()
        write(before, checked, at=at)
        details = {"contact": str(contact), "fields": list(names), "by": by}
        leave("contact.changed", clause=clause, at=at, details=details)
    return names


def annotate(contact: UUID, metadata: Metadata, *, by: str, at: datetime) -> Contact:
    """Set what is given of a contact's metadata; the contact as it is then. Raises NoSuchContact, SealedToCustomer."""
    clause, made = require(KEEP, at=at), tools()
    made.require_opener()
    given = check_metadata(metadata)
    with transaction.atomic():
        before = one(contact, lock=True)
        after = replace(before.fields, **given)
        sealed = made.seal(contact, after)
        keep_epoch(sealed)
        rows.annotate(made, before, after, sealed=sealed, changed_at=at)
        details = {"contact": str(contact), "fields": sorted(given), "by": by}
        leave("contact.annotated", clause=clause, at=at, details=details)
    return replace(before, changed_at=at, fields=after).contact()


def write(before: rows.Row, after: NewContact, *, at: datetime) -> None:
    """A checked contact over what was there, in the caller's transaction."""
    made = tools()
    sealed = made.seal(before.id, after)
    keep_epoch(sealed)
    rows.overwrite(made, before, after, sealed=sealed, changed_at=at)


def move(contacts: Sequence[UUID], *, directory: UUID, by: str, at: datetime, viewer: Viewer | None = None) -> int:
    """Put contacts into another directory. Raises NoSuchContact, NoSuchDirectory, MayNotChange."""
    clause = require(KEEP, at=at)
    require_change(directory, viewer)
    _require_directory(directory)
    with transaction.atomic():
        (locked,) = tenancy.run_together((_LOCKED, [list(contacts)]))
        _changeable(locked, contacts, viewer)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE contacts_contact SET directory_id = %s, changed_at = %s WHERE id = ANY(%s)",
                [directory, at, list(contacts)],
            )
            count = int(cursor.rowcount)
        details = {"directory": str(directory), "contacts": count, "by": by}
        leave("contacts.moved", clause=clause, at=at, details=details)
    return count


def remove(contacts: Sequence[UUID], *, by: str, at: datetime, viewer: Viewer | None = None) -> int:
    """Erase contacts, as the customer's own deletion (`retention.dispose`); how many were erased: one that is held or
    restricted stays. No gate refuses it: what must not be kept is not kept for that. Raises NoSuchContact,
    MayNotChange."""
    clause = ask(KEEP, at=at).clause

    def held(answer: tenancy.Answer) -> list[Held]:
        found = _changeable(answer, contacts, viewer)
        return [Held(store=STORE_NAME, kind="contact", id=one, at=changed_at) for one, _, changed_at in found]

    unread = retention.Unread(store=STORE_NAME, ids=contacts, reading=(_LOCKED, [list(contacts)]), held=held)
    done = retention.dispose(unread, cause="customer", reference=f"contacts by {by}", at=at, by=by, clause=clause)
    return done.erased.records


def one(contact: UUID, *, lock: bool = False, viewer: Viewer | None = None) -> rows.Row:
    """The row of a contact that the viewer sees. Raises NoSuchContact."""
    found = rows.read(tools(), [contact], lock=lock)
    seen = visible_ids(viewer)
    if not found or (seen is not None and found[0].directory_id not in seen):
        raise unknown()
    return found[0]


def unknown() -> NoSuchContact:
    """The error that tells "there is none" and "not for you" apart for nobody."""
    return NoSuchContact("there is no such contact", remedy="Load the list again.")


def region() -> str | None:
    """The country of numbers without one: that of the customer's trunks, where all have the same."""
    customer = tenancy.current()
    if customer.kind == "provider":
        return None
    regions = {trunk.region for trunk in tenancy.trunks(customer)}
    return regions.pop() if len(regions) == 1 else None


def _region_for(new: NewContact) -> str | None:
    """`region`, asked for only where a number is without its country."""
    return region() if any(not one.value.startswith("+") for one in new.numbers) else None


def _require_directory(directory: UUID) -> None:
    (there,) = tenancy.run_together((_DIRECTORY, [directory]))
    if not there.size:
        raise _no_directory()


def _no_directory() -> NoSuchDirectory:
    return NoSuchDirectory("there is no such directory", remedy="Choose one of the list.")


def _changeable(
    locked: tenancy.Answer, contacts: Sequence[UUID], viewer: Viewer | None
) -> list[tuple[UUID, UUID, datetime]]:
    """Contacts with their directories and ages. Raises NoSuchContact when the viewer does not see one, MayNotChange."""
    found: list[Any] = locked.rows
    seen = visible_ids(viewer)
    if {row[0] for row in found} != set(contacts) or (seen is not None and not set(_directories(found)) <= set(seen)):
        raise unknown()
    for from_directory in _directories(found):
        require_change(from_directory, viewer)
    return found


def _directories(found: Sequence[tuple[UUID, UUID, datetime]]) -> list[UUID]:
    return sorted({row[1] for row in found})
