"""The register of sub-processors in the provider's database: entries, versions, the chain.

Every change of the register is a version, published in the same transaction with its evidence in the provider's log.
Reading works in any scope; writing enters the provider's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Final, cast
from uuid import UUID

from django.db import transaction

from parley.governance.subprocessors.errors import ChangeRefused, EntryRefused
from parley.governance.subprocessors.models import RegisterVersion, Subprocessor
from parley.governance.subprocessors.register_rules import (
    chain,
    check_entry,
    differences,
    digest_of,
    material_changes,
)
from parley.governance.subprocessors.types import Difference, Entry, FlowDown, Link, Status, Version, entry_from_json
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

OWN: Final = "default"
"""In the provider's scope the alias `default` leads to the provider's database too: register, evidence and jobs are
written through it in one transaction."""

REGISTER_CLAUSE: Final = "IM-3d.register"
"""The clause that asks the most of the register: public, with role, country and policy, updated before a change."""


def entries(*, ended: bool = False) -> tuple[Entry, ...]:
    """The entries of the register by key; with `ended` also those that were engaged once."""
    rows = Subprocessor.objects.order_by("key")
    return tuple(_entry(row) for row in (rows if ended else rows.exclude(status="ended")))


def entry(key: str) -> Entry | None:
    """The entry of that key, ended or not."""
    row = Subprocessor.objects.filter(key=key).first()
    return _entry(row) if row else None


def links() -> tuple[Link, ...]:
    """The whole chain as it stands, in the order in which it is shown."""
    return chain(entries())


def latest() -> Version | None:
    """The version in force; None before the first entry."""
    row = RegisterVersion.objects.order_by("-number").first()
    return _version(row) if row else None


def version(number: int) -> Version | None:
    """The version of that number."""
    row = RegisterVersion.objects.filter(number=number).first()
    return _version(row) if row else None


def versions(*, before: int | None = None, limit: int = 50) -> list[Version]:
    """Versions, newest first, of numbers below `before`."""
    rows = RegisterVersion.objects.order_by("-number")
    return [_version(row) for row in (rows if before is None else rows.filter(number__lt=before))[:limit]]


def difference(number: int) -> tuple[Difference, ...]:
    """What version `number` changed against the one before it."""
    here, earlier = version(number), version(number - 1)
    return () if here is None else differences(earlier.entries if earlier else (), here.entries)


def engage(new: Entry, *, at: datetime, by: UUID, note: str = "") -> Version:
    """Put an entry into the register without announcing it: customers that sign from now on authorise it.

    Customers that have signed already do not: the gate stays closed for them until it is announced and their windows
    close. Raises EntryRefused, FlowDownMissing, and ChangeRefused for a known key.
    """
    with writing():
        _check_new(new, at=at)
        put(new, status="engaged", starts_on=at)
        return publish(at=at, by=by, note=note or f"{new.name} entered", kind="subprocessor.entered", key=new.key)


def amend(new: Entry, *, at: datetime, by: UUID, note: str = "") -> Version:
    """Correct what customers did not authorise: role, address, contact, policy address, a renewed flow-down.

    Raises ChangeRefused where the change is material (name, country, purposes, offerings, parent, group): that is
    another sub-processor for the customers, and is announced as a replacement.
    """
    with writing():
        known = known_entries()
        before = known.get(new.key)
        if before is None or before.status == "ended":
            raise ChangeRefused(f"the register has no {new.key!r}", remedy="Announce it as an addition.")
        material = material_changes(before, new)
        if material:
            raise ChangeRefused(
                "customers authorised another " + " and another ".join(material),
                remedy="Announce it as a replacement under a new short name, so that they may object.",
            )
        check_entry(new, known=known, at=at)
        put(new, status=before.status, starts_on=before.starts_on)
        return publish(at=at, by=by, note=note or f"{new.name} corrected", kind="subprocessor.amended", key=new.key)


def known_entries() -> dict[str, Entry]:
    """All entries by key, ended ones included, as the transaction of `writing` sees them."""
    return {row.key: _entry(row) for row in Subprocessor.objects.using(OWN).all()}


@contextmanager
def writing() -> Iterator[None]:
    """The provider's scope and one transaction in its database; versions are written one after the other."""
    with tenancy.scope(tenancy.provider()), transaction.atomic(using=OWN):
        RegisterVersion.objects.using(OWN).select_for_update().order_by("-number").first()
        yield


def put(new: Entry, *, status: Status, starts_on: datetime | None) -> None:
    """Write the entry's row, inside `writing`."""
    flowdown = cast(FlowDown, new.flowdown)
    Subprocessor.objects.using(OWN).update_or_create(
        key=new.key,
        defaults={
            "name": new.name,
            "role": new.role,
            "country": new.country,
            "address": new.address,
            "contact": new.contact,
            "privacy_url": new.privacy_url,
            "purposes": list(new.purposes),
            "offerings": list(new.offerings),
            "parent": new.parent,
            "affiliate": new.affiliate,
            "status": status,
            "starts_on": starts_on,
            "flowdown_digest": flowdown.digest,
            "flowdown_signed_on": flowdown.signed_on,
            "flowdown_clauses": dict(flowdown.clauses),
        },
    )


def publish(*, at: datetime, by: UUID | None, note: str, kind: str, key: str) -> Version:
    """The next version from the rows as they are now, with its evidence, inside `writing`."""
    shown = [_entry(row) for row in Subprocessor.objects.using(OWN).exclude(status="ended")]
    newest = RegisterVersion.objects.using(OWN).order_by("-number").first()
    row = RegisterVersion(
        number=newest.number + 1 if newest else 1,
        published_at=at,
        note=note,
        digest=digest_of(shown),
        entries=[one.to_json() for one in sorted(shown, key=lambda one: one.key)],
    )
    row.save(using=OWN, force_insert=True)
    obligations.evidence(
        kind=kind,
        clause=REGISTER_CLAUSE,
        details={"key": key, "register_version": row.number, "sha256": row.digest, "user": str(by) if by else ""},
        at=at,
    )
    return _version(row)


def check_new(new: Entry, *, at: datetime) -> None:
    """Raises what `engage` and `announce` would raise of the entry itself."""
    check_entry(new, known={one.key: one for one in entries(ended=True)}, at=at)


def _check_new(new: Entry, *, at: datetime) -> None:
    known = known_entries()
    if new.key in known:
        raise EntryRefused(
            "key",
            f"the register has or had a {new.key!r}",
            remedy="Announce it to those who have not authorised it, or choose another short name.",
        )
    check_entry(new, known=known, at=at)


def _entry(row: Subprocessor) -> Entry:
    return Entry(
        key=row.key,
        name=row.name,
        role=row.role,
        country=row.country,
        address=row.address,
        contact=row.contact,
        privacy_url=row.privacy_url,
        purposes=tuple(row.purposes),
        offerings=tuple(row.offerings),
        parent=row.parent,
        affiliate=row.affiliate,
        status=cast(Status, row.status),
        starts_on=row.starts_on,
        flowdown=FlowDown(
            digest=row.flowdown_digest,
            signed_on=row.flowdown_signed_on,
            clauses=MappingProxyType(dict(row.flowdown_clauses)),
        ),
    )


def _version(row: RegisterVersion) -> Version:
    return Version(
        number=row.number,
        published_at=row.published_at,
        note=row.note,
        digest=row.digest,
        entries=tuple(entry_from_json(raw) for raw in row.entries),
    )
