"""Exports that are asked for when the live data is gone: made from the restored backup, sealed, behind a link."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import BinaryIO, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from parley.agreement.api import Event
from parley.backups import api as backups
from parley.exports import api as exports
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.inventory.api import ExportOptions, Held, Store, stores
from parley.lifecycle import letters
from parley.lifecycle.desk import (
    customer_of,
    departure_in,
    desk,
    destruction_at,
    done,
    facts,
    locked,
    rows,
    seen,
)
from parley.lifecycle.errors import DepartureRefused, UnknownDeparture
from parley.lifecycle.models import Departure, Return
from parley.lifecycle.rules import asked_by_mail, export_until
from parley.lifecycle.sealed import opened, write_sealed
from parley.lifecycle.types import CHANNELS
from parley.obligations import api as obligations
from parley.recordings import api as recordings
from parley.storage.api import StoredObject
from parley.tenancy import api as tenancy

RETURN, EXPIRE = "lifecycle.return", "lifecycle.return-expires"
PURPOSE: Final = "export-data"
_PAGE: Final = 500


def ask_export(
    departure_id: UUID, *, channel: str, by: str, at: datetime, formats: Sequence[str] = (), sender: str = ""
) -> UUID:
    """An export from the backup is wanted. Raises DepartureRefused: too early (the console exports), too late.

    `sender` is where an e-mail came from: an address for notices of the customer, or the one that its order names (its
    reseller). Nobody else is heard. A reseller acts for the customer, so that what it asked for goes to the customer:
    the customer hears of it at once, and it alone has the page on which the export is fetched.
    """
    if channel not in CHANNELS or channel == "reseller":
        raise DepartureRefused(f"nobody asks by {channel!r}", remedy=f"One of: {', '.join(CHANNELS)}.")
    with desk(), transaction.atomic():
        row = locked(departure_id)
        _check(row, at=at)
        if channel == "e-mail":
            channel = _heard(row, sender)
        return ask(row, channel=channel, by=by, at=at, formats=formats)


def ask(row: Departure, *, channel: str, by: str, at: datetime, formats: Sequence[str]) -> UUID:
    """The same for a locked departure, in the caller's transaction; one that waits already is not made twice, but that
    it was asked for is evidence."""
    told = facts(row)
    made = rows(Return).filter(departure=row, state="asked").first()
    known = made is not None
    if made is None:
        made = Return(
            id=new_id(at=at), departure=row, state="asked", channel=channel, asked_by=by, asked_at=at,
            formats=list(formats or told.formats),
        )  # fmt: skip
        made.save(using="default", force_insert=True)
    payload = {"departure": str(row.id), "return": str(made.id)}
    obligations.evidence(
        kind="lifecycle.return-asked",
        clause=told.clauses["export"],
        details={**payload, "customer": str(row.customer_id), "channel": channel, "user": by, "waited": known},
        at=at,
    )
    if channel == "reseller":
        letters.asked_by_reseller(row, made, at=at)
    obligations.enqueue(kind=RETURN, key=progress_key(made.id), due=at, payload=payload, long=True)
    return made.id


def _heard(row: Departure, sender: str) -> str:
    """How the export was asked for. Raises DepartureRefused for an address that the customer did not name."""
    channel = asked_by_mail(sender, addresses=row.addresses, intake=row.intake)
    if channel is None:
        raise DepartureRefused(
            "sender: the customer named this address neither for its notices nor for asking for exports",
            remedy="Write to the customer at an address that you know, and ask.",
        )
    if channel == "reseller" and not row.addresses:
        raise DepartureRefused(
            "sender: there is no address of the customer to which what a reseller asks for could go",
            remedy="Reach the customer by other means; it asks on the page about its end.",
        )
    return channel


def make(work: obligations.Work) -> None:
    """Handler of `lifecycle.return`: restore the backup, write the package, seal it, and say how long it can be
    fetched."""
    row, made = seen(work), _return_in(work)
    if made.state != "asked" or done(row, "keys") is not None:
        return
    customer, provider = customer_of(row), tenancy.current()
    report = partial(_report, provider, work.key, max(1, sum(row.counts.values())))
    package, stored = backups.apart(lambda: _write(customer, row, made, at=work.now, report=report))
    row = locked(row.id)
    if done(row, "keys") is not None:
        return
    told = facts(row)
    expires = min(told.link_expires(work.now, zone=row.zone), destruction_at(row))
    made.state, made.made_at, made.expires_at = "ready", work.now, expires
    made.records, made.files, made.size, made.sha256 = package.records, package.files, package.size, package.sha256
    made.save(using="default")
    obligations.evidence(
        kind="lifecycle.returned",
        clause=told.clauses["export"],
        details={
            "departure": str(row.id), "customer": str(row.customer_id), "return": str(made.id),
            "records": package.records, "files": package.files, "bytes": package.size, "sha256": package.sha256,
            "sealed_sha256": stored.sha256, "formats": list(made.formats), "expires_at": expires.isoformat(),
        },
        at=work.now,
    )  # fmt: skip
    obligations.open_duties(
        contract.binding_of(customer).agreement,
        Event(kind="export-made", id=str(made.id), at=work.now),
        zone=row.zone,
        subject=f"departure of {row.handle}",
        at=work.now,
    )
    obligations.enqueue(
        kind=EXPIRE, key=f"{EXPIRE}:{made.id}", due=expires, payload={"departure": str(row.id), "return": str(made.id)}
    )
    obligations.forget_progress(work.key)
    letters.returned(row, made)


def expire(work: obligations.Work) -> None:
    """Handler of `lifecycle.return-expires`: the link's life is over, the package goes."""
    row = departure_in(work)
    end_returns(row, [_return_in(work)], at=work.now)


def end_returns(row: Departure, found: Sequence[Return], *, at: datetime) -> int:
    """Destroy packages, in the caller's transaction; how many were there. Idempotent."""
    going = [one for one in found if one.state in {"ready", "asked"}]
    recordings.installed_store().delete_many([key(row, one.id) for one in found])
    for one in going:
        one.state, one.ended_at = "expired", at
        one.save(using="default", update_fields=["state", "ended_at"])
    if going:
        obligations.evidence(
            kind="lifecycle.return-destroyed",
            clause=facts(row).clauses["link_life"],
            details={"departure": str(row.id), "returns": [str(one.id) for one in going]},
            at=at,
        )
    return len(going)


def fetch(departure_id: UUID, return_id: UUID, *, at: datetime) -> tuple[Departure, Return, BinaryIO]:
    """The package, in clear where the provider holds the key, else sealed. Raises UnknownDeparture when it is gone."""
    with desk(), transaction.atomic():
        made = rows(Return).filter(id=return_id, departure_id=departure_id, state="ready").first()
        if made is None or made.expires_at is None or at >= made.expires_at:
            raise UnknownDeparture("this package is gone", remedy="Ask for another export while that is possible.")
        row = locked(departure_id)
        file = opened(key(row, made.id), customer_of(row))
        rows(Return).filter(id=made.id).update(fetched=F("fetched") + 1)
        obligations.evidence(
            kind="lifecycle.return-fetched",
            clause=facts(row).clauses["export"],
            details={"departure": str(row.id), "return": str(made.id)},
            at=at,
        )
    return row, made, file


def progress_key(return_id: UUID) -> str:
    """What `obligations.progress` of the provider's scope is asked with."""
    return f"{RETURN}:{return_id}"


def key(row: Departure, return_id: UUID) -> str:
    """Where the package lies in the store."""
    return f"{row.customer_id}/returns/{return_id}.zip.age"


def _check(row: Departure, *, at: datetime) -> None:
    told = facts(row)
    until = export_until(told, ends_at=row.ends_at, confirmed=row.confirmed_at)
    if row.state == "ended":
        raise DepartureRefused("the data is in the console still", remedy="Export it there.")
    if row.state != "blocked" or at >= until or done(row, "keys") is not None:
        raise DepartureRefused(
            f"no export can be asked for any more (clause {told.clauses['export']})",
            remedy="The statements and the certificate say what was destroyed.",
        )
    if done(row, "backup") is None:
        raise DepartureRefused("the backup is still being taken", remedy="Try again in a while.")
    _allowed(customer_of(row), at=at)


def _allowed(customer: tenancy.Customer, *, at: datetime) -> list[Store]:
    """The stores that the gate lets be exported. Raises DepartureRefused when there is none."""
    decisions = [
        (store, contract.ask_for(customer, PURPOSE, at=at, offering=store.offering, sealed=True)) for store in stores()
    ]
    allowed = [store for store, decision in decisions if decision.allowed]
    if decisions and not allowed:
        refusal = decisions[0][1]
        raise DepartureRefused(f"{refusal.reason} (clause {refusal.clause})", remedy=refusal.remedy or "")
    return allowed


def _write(
    customer: tenancy.Customer, row: Departure, made: Return, *, at: datetime, report: "partial[None]"
) -> tuple[exports.Package, StoredObject]:
    allowed = _allowed(customer, at=made.asked_at)
    head = str((row.head or {}).get("note", ""))
    with (
        backups.restored(customer, at=at) as found,
        tenancy.scope(found.customer),
        recordings.using_store(found.store),
    ):
        package = partial(
            exports.write_package,
            batches=_everything(allowed),
            options=ExportOptions(redact_others=False, formats=tuple(made.formats)),
            title=f"{row.name}: all data, from the backup of the end of the contract",
            extra={"last-checkpoint.txt": head.encode()} if head else {},
            database=True,
            progress=report,
        )
        return write_sealed(key(row, made.id), recipients=customer.recipients, write=package)


def _everything(allowed: Sequence[Store]) -> Iterator[tuple[Store, list[UUID]]]:
    for store in allowed:
        last: Held | None = None
        while page := store.every(after=last, limit=_PAGE):
            yield store, [one.id for one in page]
            last = page[-1]


def _report(provider: tenancy.Customer, work: str, total: int, written: int) -> None:
    with tenancy.scope(provider):
        obligations.report(work, done=written, total=max(total, written), unit="records")


def _return_in(work: obligations.Work) -> Return:
    found = rows(Return).filter(id=UUID(work.payload["return"])).first()
    if found is None:
        raise UnknownDeparture("there is no such export", remedy="Ask for it again.")
    return found
