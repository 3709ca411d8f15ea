"""Directories: whose contacts, who sees them, who changes them; and the customer's own fields."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from parley.contacts import models
from parley.contacts.errors import ContactRefused, MayNotChange, NoSuchDirectory
from parley.contacts.fields import text
from parley.contacts.tools import KEEP, leave, require
from parley.contacts.types import CustomField, Directory, DirectoryKind
from parley.foundation.ids import new_id
from parley.people.api import Group, Viewer

ADMINISTER: Final = frozenset({"administrator", "compliance", "operator"})
"""Roles that see and change every directory but the personal ones of others."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ORDER: Final = {"personal": 0, "department": 1, "public": 2}
MOST_FIELDS: Final = 50


def directories(*, viewer: Viewer | None = None, count: bool = False) -> tuple[Directory, ...]:
    """Those that the viewer sees, personal first, then by name; `count` counts their contacts."""
    rows = visible(viewer)
    if count:
        rows = rows.annotate(number=Count("contacts"))
    made = [_view(row, viewer) for row in rows]
    return tuple(sorted(made, key=lambda one: (_ORDER[one.kind], one.name.casefold(), one.id)))


def directory(directory_id: UUID, *, viewer: Viewer | None = None) -> Directory:
    """One directory. Raises NoSuchDirectory."""
    row = visible(viewer).filter(id=directory_id).first()
    if row is None:
        raise _unknown()
    return _view(row, viewer)


def visible(viewer: Viewer | None) -> QuerySet[models.Directory]:
    """The rows that the viewer sees."""
    rows = models.Directory.objects.all()
    if viewer is None:
        return rows
    own = Q(kind="personal", owner_id=viewer.user_id) | Q(kind="public")
    if viewer.role in ADMINISTER:
        return rows.filter(own | Q(kind="department"))
    groups = Group.objects.filter(members__id=viewer.user_id).values("id")
    return rows.filter(own | Q(kind="department", group_id__in=groups))


def visible_ids(viewer: Viewer | None, directory_id: UUID | None = None) -> list[UUID] | None:
    """Ids of what the viewer sees, or of the one asked for; None for all. Raises NoSuchDirectory."""
    if viewer is None:
        return None if directory_id is None else [directory_id]
    rows = visible(viewer)
    if directory_id is not None:
        rows = rows.filter(id=directory_id)
    found = list(rows.values_list("id", flat=True))
    if directory_id is not None and not found:
        raise _unknown()
    return found


def require_change(directory_id: UUID, viewer: Viewer | None) -> None:
    """Raises NoSuchDirectory, MayNotChange."""
    if viewer is None:
        return
    if not directory(directory_id, viewer=viewer).may_change:
        raise MayNotChange("you see this directory, but do not change it", remedy="Ask an administrator.")


def personal_directory(user_id: UUID, *, at: datetime) -> Directory:
    """The directory of one user, made when it is first asked for."""
    row, _ = models.Directory.objects.get_or_create(
        owner_id=user_id,
        defaults={"id": new_id(at=at), "kind": "personal", "name": "", "members_change": False, "created_at": at},
    )
    return _view(row, None)


def add_directory(
    *, kind: DirectoryKind, name: str, group_id: UUID | None = None, members_change: bool = False, by: str, at: datetime
) -> Directory:
    """A new department or public directory. Raises ContactRefused, GateRefused."""
    named = _name(name)
    if kind not in ("department", "public") or (kind == "department") != (group_id is not None):
        raise ContactRefused(
            "a department directory belongs to a group, a public one to nobody",
            remedy="Choose a group, or public.",
            field="group",
        )
    if group_id is not None and not Group.objects.filter(id=group_id).exists():
        raise ContactRefused("there is no such group", remedy="Choose one of the list.", field="group")
    clause = require(KEEP, at=at)
    row = models.Directory(
        id=new_id(at=at), kind=kind, name=named, group_id=group_id, members_change=members_change, created_at=at
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            leave("directory.added", clause=clause, at=at, details={"directory": str(row.id), "kind": kind, "by": by})
    except IntegrityError as error:
        raise _taken() from error
    return _view(row, None)


def change_directory(directory_id: UUID, *, name: str, members_change: bool, by: str, at: datetime) -> Directory:
    """Another name, or others who change it. Raises NoSuchDirectory, ContactRefused."""
    named, clause = _name(name), require(KEEP, at=at)
    try:
        with transaction.atomic():
            row = models.Directory.objects.select_for_update().filter(id=directory_id).first()
            if row is None or row.kind == "personal":
                raise _unknown()
            row.name, row.members_change = named, members_change
            row.save(update_fields=["name", "members_change"])
            leave("directory.changed", clause=clause, at=at, details={"directory": str(directory_id), "by": by})
    except IntegrityError as error:
        raise _taken() from error
    return _view(row, None)


def remove_directory(directory_id: UUID, *, by: str, at: datetime) -> None:
    """Remove an empty directory. Raises NoSuchDirectory, ContactRefused when it is not empty."""
    clause = require(KEEP, at=at)
    with transaction.atomic():
        row = models.Directory.objects.select_for_update().filter(id=directory_id).first()
        if row is None:
            raise _unknown()
        if models.Contact.objects.filter(directory_id=directory_id).exists():
            raise ContactRefused("this directory has contacts", remedy="Move or remove them first.", field="directory")
        row.delete()
        leave("directory.removed", clause=clause, at=at, details={"directory": str(directory_id), "by": by})


def custom_fields() -> tuple[CustomField, ...]:
    """The customer's own fields, in its order."""
    rows = models.CustomField.objects.order_by("position")
    return tuple(CustomField(key=row.key, label=row.label) for row in rows)


def set_custom_fields(fields: Sequence[CustomField], *, by: str, at: datetime) -> None:
    """Set them anew; values of a key that is gone stay until their contact is changed. Raises ContactRefused."""
    if len(fields) > MOST_FIELDS or len({one.key for one in fields}) != len(fields):
        raise ContactRefused(f"{MOST_FIELDS} fields at most, each once", remedy="Remove some.", field="custom")
    for one in fields:
        if not _KEY.fullmatch(one.key):
            raise ContactRefused(
                "a field's key is small letters, digits and _", remedy='Write "customer_number".', field="custom"
            )
    rows = [
        models.CustomField(key=one.key, label=text(one.label, field="custom") or one.key, position=position)
        for position, one in enumerate(fields)
    ]
    clause = require(KEEP, at=at)
    with transaction.atomic():
        models.CustomField.objects.all().delete()
        models.CustomField.objects.bulk_create(rows)
        leave("contact-fields.set", clause=clause, at=at, details={"fields": len(rows), "by": by})


def _view(row: models.Directory, viewer: Viewer | None) -> Directory:
    made = Directory(
        id=row.id,
        kind=cast(DirectoryKind, row.kind),
        name=row.name,
        owner_id=row.owner_id,
        group_id=row.group_id,
        members_change=row.members_change,
        contacts=getattr(row, "number", 0),
    )
    if viewer is None or row.kind == "personal" or row.members_change or viewer.role in ADMINISTER:
        return made
    return replace(made, may_change=False)


def _name(raw: str) -> str:
    name = text(raw, field="name", longest=100)
    if not name:
        raise ContactRefused("a directory needs a name", remedy="Give it one.", field="name")
    return name


def _taken() -> ContactRefused:
    return ContactRefused("there is a directory of that name", remedy="Choose another name.", field="name")


def _unknown() -> NoSuchDirectory:
    return NoSuchDirectory("there is no such directory", remedy="Choose one of the list.")
