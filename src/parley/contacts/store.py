"""Contacts as a store of personal data: found by number and e-mail address, handed out, corrected, erased whole.

The age of a contact is that of its last change; one with `keep_until` is of the kind "dated-contact", and its age
counts from that day. What somebody objected to stays when the contact goes: the list keeps the person from being
written to again (GDPR Art. 21(3)), and holds no name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from parley.contacts import models, rows
from parley.contacts.cards import card
from parley.contacts.consents import consent_view, indexes_of, objections_of
from parley.contacts.errors import ContactRefused
from parley.contacts.fields import changed, check
from parley.contacts.formats.writing import write_vcards
from parley.contacts.news import DELETED, tell_deleted
from parley.contacts.tools import tools
from parley.contacts.types import OFFERING, STORE_NAME, NewContact, Number
from parley.contacts.writing import region, write
from parley.inventory.api import CannotRectify, Erased, ExportOptions, Held, Sink, Subject, Wiped
from parley.tenancy import api as tenancy
from parley.webhooks import api as webhooks

KIND: Final = "contact"
DATED: Final = "dated-contact"
DIRECTORY: Final = "directory"
_BATCH: Final = 200
_LOCK: Final = "SELECT id FROM contacts_contact WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
_ERASE: Final = """
WITH consents AS (DELETE FROM contacts_consent WHERE contact_id = ANY(%(ids)s::uuid[]) RETURNING contact_id),
    contacts AS (DELETE FROM contacts_contact WHERE id = ANY(%(ids)s::uuid[]) RETURNING id)
SELECT id, true FROM contacts UNION ALL SELECT contact_id, false FROM consents
"""
"""What went: contacts (true), and those of whom a consent went."""
_LOCK_DIRECTORIES: Final = "SELECT id FROM contacts_directory WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
_LOCK_OWNED: Final = "SELECT id FROM contacts_contact WHERE directory_id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE"
_ERASE_OWNED: Final = "DELETE FROM contacts_directory WHERE id = ANY(%s::uuid[])"
_PRESENT: Final = """
SELECT id, 'contact' FROM contacts_contact WHERE id = ANY(%(ids)s::uuid[])
UNION ALL SELECT contact_id, 'contact' FROM contacts_consent WHERE contact_id = ANY(%(ids)s::uuid[])
UNION ALL SELECT id, 'directory' FROM contacts_directory WHERE id = ANY(%(ids)s::uuid[]) AND kind = 'personal'
"""
_LEFT: Final = f"{_PRESENT} UNION ALL SELECT NULL, 'heard' WHERE {webhooks.HEARD}"
"""What is left, and a line where somebody wants to hear what went."""
_FIND: Final = "SELECT id, changed_at, keep_until FROM contacts_contact WHERE addresses && %s::bigint[]"
_PLAIN: Final = ("given", "family", "company", "title", "department", "notes", "speed_dial", "source", "citizenship")
_SINGLE: Final = {"number": "numbers", "email": "emails"}


class Contacts:
    """The `inventory.Store` of contacts."""

    name = STORE_NAME
    offering = OFFERING
    kinds: Mapping[str, str] = {
        KIND: "contact, from its last change",
        DATED: "contact that is kept until a day of its own, from that day",
        DIRECTORY: "personal directory of a user, with its contacts",
    }
    models = frozenset(f"contacts.{one}" for one in ("Contact", "Consent", "Directory", "Objection"))

    def find(self, subject: Subject) -> Sequence[Held]:
        """See Store."""
        made = tools().tokeniser
        tokens = [made.number(one) for one in subject.numbers] + [made.email(one) for one in subject.emails]
        found: list[tuple[UUID, datetime, datetime | None]] = []
        with connection.cursor() as cursor:
            if tokens:
                cursor.execute(_FIND, [tokens])
                found += cursor.fetchall()
        pointed = [record for store, record in subject.records if store == STORE_NAME]
        if pointed:
            columns = ("id", "changed_at", "keep_until")
            found += models.Contact.objects.filter(id__in=pointed).values_list(*columns)
        held = {_held(*row) for row in found}
        owned = models.Directory.objects.filter(Q(owner_id__in=subject.user_ids) | Q(id__in=pointed, kind="personal"))
        for directory, created_at in owned.values_list("id", "created_at"):
            held.add(Held(store=STORE_NAME, kind=DIRECTORY, id=directory, at=created_at))
        return sorted(held, key=lambda one: (one.at, one.id))

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """See Store."""
        found = self._older(kind, before)
        if found is None:
            return []
        at = "keep_until" if kind == DATED else "changed_at"
        if after is not None:
            found = found.filter(Q(**{f"{at}__gt": after.at}) | Q(**{at: after.at, "id__gt": after.id}))
        lines = found.order_by(at, "id").values_list("id", at)[:limit]
        return [Held(store=STORE_NAME, kind=kind, id=one, at=instant) for one, instant in lines]

    def count_older(self, kind: str, before: datetime) -> int:
        """See Store."""
        found = self._older(kind, before)
        return found.count() if found is not None else 0

    def _older(self, kind: str, before: datetime) -> Any:
        if kind == KIND:
            return models.Contact.objects.filter(keep_until__isnull=True, changed_at__lt=before)
        return models.Contact.objects.filter(keep_until__lt=before) if kind == DATED else None

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """See Store. By last change, whatever the kind."""
        found = models.Contact.objects.all()
        if after is not None:
            found = found.filter(Q(changed_at__gt=after.at) | Q(changed_at=after.at, id__gt=after.id))
        lines = found.order_by("changed_at", "id").values_list("id", "changed_at", "keep_until")[:limit]
        return [
            Held(store=STORE_NAME, kind=KIND if until is None else DATED, id=one, at=at) for one, at, until in lines
        ]

    def erase(self, ids: Sequence[UUID]) -> Erased:
        """See Store. With a personal directory its contacts go."""
        return self.wipe(ids).erased

    def wipe(self, ids: Sequence[UUID]) -> Wiped:
        """See LooksAround."""
        wanted = list(ids)
        looking: tenancy.Asked = (_LEFT, {"ids": wanted, "heard": DELETED})
        first: list[tenancy.Asked] = [(_LOCK, [wanted])] if len(wanted) > 1 else []
        *_, erased, left = tenancy.run_together(*first, (_ERASE, {"ids": wanted}), looking)
        gone, directories = _contacts(erased), 0
        before = {row[0] for row in erased.rows}
        if owned := [row[0] for row in left.rows if row[1] == DIRECTORY]:
            _, of_these = tenancy.run_together((_LOCK_DIRECTORIES, [owned]), (_LOCK_OWNED, [owned]))
            erased, emptied, left = tenancy.run_together(
                (_ERASE, {"ids": [row[0] for row in of_these.rows]}), (_ERASE_OWNED, [owned]), looking
            )
            before.update(owned)
            directories = emptied.size
            gone += _contacts(erased)
        stays = frozenset(row[0] for row in left.rows if row[1] != "heard")
        if len(stays) < left.size:
            tell_deleted(gone, at=datetime.now(UTC))
        return Wiped(
            before=frozenset(before),
            erased=Erased(records=len(gone) + directories),
            left=stays,
        )

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        """See Store."""
        (answer,) = tenancy.run_together((_PRESENT, {"ids": list(ids)}))
        return frozenset(row[0] for row in answer.rows)

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
        """See Store."""
        wanted = list(ids)
        names = dict(models.Directory.objects.values_list("id", "name"))
        for first in range(0, len(wanted), _BATCH):
            some = wanted[first : first + _BATCH]
            for row in rows.read(tools(), some):
                _write_row(row, names.get(row.directory_id, ""), sink, options)
                yield row.id
            owned = models.Directory.objects.filter(id__in=some, kind="personal")
            for directory, owner, created_at in owned.values_list("id", "owner_id", "created_at"):
                sink.row("directories", {"id": str(directory), "owner": str(owner), "created_at": _text(created_at)})
                yield directory

    def identities(self, ids: Sequence[UUID]) -> Iterable[tuple[str, bytes]]:
        """Whom these concern: (field, blind index). Nobody where only the customer can open them."""
        made = tools()
        if made.opener is None:
            return []
        found: dict[tuple[str, bytes], None] = {}
        for row in rows.read(made, list(ids)):
            numbers = [one.value for one in row.fields.numbers]
            found |= dict.fromkeys(indexes_of(numbers=numbers, emails=row.fields.emails))
        return list(found)

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:
        """See Store. Fields are those of a contact; "number" and "email" set the only one, "custom.KEY" a field of the
        customer's own, "birthday" a day as 1990-12-31."""
        found = rows.read(tools(), [record], lock=True)
        if not found:
            raise CannotRectify("there is no such contact", remedy="Look for the person again.")
        if found[0].sealed:
            raise CannotRectify("only the customer's key opens it", remedy="The customer sets the contact anew.")
        after = found[0].fields
        for field, value in changes.items():
            after = _corrected(after, field, value)
        try:
            after = check(after, region=region())
        except ContactRefused as error:
            raise CannotRectify(str(error.args[0]), remedy=error.remedy) from error
        names = changed(found[0].fields, after)
        if names:
            write(found[0], after, at=datetime.now(UTC))
        return names


STORE: Final = Contacts()


def _contacts(erased: tenancy.Answer) -> list[UUID]:
    return [contact for contact, whole in erased.rows if whole]


def _held(contact: UUID, changed_at: datetime, keep_until: datetime | None) -> Held:
    if keep_until is not None:
        return Held(store=STORE_NAME, kind=DATED, id=contact, at=keep_until)
    return Held(store=STORE_NAME, kind=KIND, id=contact, at=changed_at)


def _corrected(held: NewContact, field: str, value: str) -> NewContact:
    if field in _PLAIN:
        change: dict[str, Any] = {field: value}
        return replace(held, **change)
    if field in _SINGLE and len(getattr(held, _SINGLE[field])) > 1:
        raise CannotRectify(f"this contact has several of {field}", remedy="Change it on the contact's page.")
    if field == "number":
        kind = held.numbers[0].kind if held.numbers else "work"
        return replace(held, numbers=(Number(value=value, kind=kind),) if value.strip() else ())
    if field == "email":
        return replace(held, emails=(value,) if value.strip() else ())
    if field == "birthday":
        try:
            return replace(held, birthday=date.fromisoformat(value) if value else None)
        except ValueError as error:
            raise CannotRectify("this is no day", remedy="Write it like 1990-12-31.") from error
    if field.startswith("custom."):
        return replace(held, custom={**held.custom, field.removeprefix("custom."): value})
    raise CannotRectify(f'a contact has no field "{field}"', remedy=f"It has: {', '.join(_PLAIN)}, number, email.")


def _write_row(row: rows.Row, directory: str, sink: Sink, options: ExportOptions) -> None:
    held = row.fields
    sink.row(
        "contacts",
        {
            "id": str(row.id),
            "directory": directory if options.subject is None else "",
            "sealed": row.sealed,
            **{name: getattr(held, name) for name in _PLAIN},
            "numbers": "; ".join(f"{one.value} ({one.kind})" for one in held.numbers),
            "emails": "; ".join(held.emails),
            "addresses": "; ".join(
                ", ".join(part for part in (a.street, a.postcode, a.city, a.region, a.country) if part)
                for a in held.addresses
            ),
            "birthday": held.birthday.isoformat() if held.birthday else "",
            "custom": "; ".join(f"{key}: {value}" for key, value in held.custom.items()),
            "purposes": "; ".join(held.purposes),
            "shared_with": "; ".join(held.shared_with),
            "keep_until": _text(held.keep_until),
            "minor": held.minor,
            "created_at": _text(rows.made_at(row.id)),
            "changed_at": _text(row.changed_at),
        },
    )
    for one in models.Consent.objects.filter(contact_id=row.id).select_related("epoch").order_by("given_at", "id"):
        view = consent_view(one)
        sink.row(
            "consents",
            {
                "contact": str(row.id), "purpose": view.purpose, "channel": view.channel, "partner": view.partner,
                "given_at": _text(view.given_at), "withdrawn_at": _text(view.withdrawn_at), "how": view.proof.how,
                "text_version": view.proof.text_version, "by": view.proof.by, "detail": view.proof.detail,
            },
        )  # fmt: skip
    for objection in objections_of(indexes_of(numbers=[one.value for one in held.numbers], emails=held.emails)):
        sink.row(
            "objections",
            {
                "contact": str(row.id), "purpose": objection.purpose, "channel": objection.channel,
                "at": _text(objection.at), "ground": objection.ground,
            },
        )  # fmt: skip
    if options.subject is not None and not row.sealed:
        _write_card(row, sink)


def _write_card(row: rows.Row, sink: Sink) -> None:
    with sink.file(f"contacts/{row.id}.vcf", "text/vcard") as file:
        write_vcards(file, [card(row.id, row.fields)], version="4.0")


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at is not None else ""
