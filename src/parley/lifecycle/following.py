"""A departure follows the contract: opened for its end, cancelled by its renewal."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.db import transaction

from parley.backups.api import apart
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.governance.instructions import api as instructions
from parley.lifecycle import letters
from parley.lifecycle.confirming import forget_codes
from parley.lifecycle.desk import (
    closing_at,
    departure_in,
    desk,
    destruction_at,
    done,
    expect,
    facts,
    finish,
    locked,
    rows,
    save,
)
from parley.lifecycle.errors import DepartureRefused
from parley.lifecycle.models import Departure
from parley.lifecycle.rules import EndFacts, facts_of, timeline
from parley.lifecycle.types import Timeline
from parley.obligations import api as obligations
from parley.people import api as people
from parley.tenancy import api as tenancy

OPENED, CANCELLED = "lifecycle.opened", "lifecycle.cancelled"
_TOKEN_BYTES: Final = 24
_FREE: Final = ("ended",)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a departure must know of the contract, read in the customer's scope."""

    customer: tenancy.Customer
    ending: contract.Ending
    agreement: str
    zone: str
    facts: EndFacts
    addresses: tuple[str, ...]
    intake: str


def follow(*, at: datetime) -> None:
    """Open a departure for the end of the contract of the customer in scope, or cancel the one that was renewed.

    Idempotent; may be called inside the customer's transaction.
    """
    customer = tenancy.current()
    if customer.kind != "customer":
        return
    told = _told()
    apart(lambda: _follow(customer.id, told, at=at))


def end(*, at: datetime, by: str, ends_at: datetime | None, choice: Literal["delete", "return"], reason: str) -> None:
    """The customer in scope ends its contract, and its departure is opened. Raises ContractRefused."""
    contract.end_contract(at=at, by=by, ends_at=ends_at, choice=choice, reason=reason)
    follow(at=at)


def renew(*, at: datetime, by: str) -> None:
    """The contract of the customer in scope goes on; nothing was touched. Raises ContractRefused."""
    contract.renew(at=at, by=by)
    follow(at=at)


def timeline_now() -> Timeline | None:
    """The phases of the customer in scope; None while its contract has no end."""
    ending = contract.ending()
    return supposed(ends_at=ending.ends_at) if ending is not None else None


def supposed(*, ends_at: datetime) -> Timeline:
    """The phases of the customer in scope, did its contract end then."""
    zone = contract.order().zone
    return timeline(_facts(ends_at=ends_at, zone=zone), ends_at=ends_at, zone=zone)


def new_link(departure_id: UUID, *, by: str, at: datetime) -> str:
    """A fresh public link, mailed to the addresses too; the former one opens nothing any more."""
    with desk(), transaction.atomic():
        row = locked(departure_id)
        if row.state == "cancelled" or done(row, "forget") is not None:
            raise DepartureRefused("this departure has no page any more", remedy="See the provider's log.")
        token = _token(row)
        if row.addresses:
            letters.link(row, token=token)
        obligations.evidence(
            kind="lifecycle.link-renewed",
            clause=facts(row).clauses["destroy"],
            details={"departure": str(row.id), "customer": str(row.customer_id), "user": by},
            at=at,
        )
    return f"/end/{token}"


def notice(work: obligations.Work) -> None:
    """Handler of `lifecycle.notice`: the customer is told the dates, and given its link."""
    row = departure_in(work)
    if row.state not in _FREE or done(row, "notice") is not None:
        return
    if row.addresses:
        letters.notice(row, token=_token(row))
    finish(
        row, "notice", began=work.now, at=work.now, clause=facts(row).clauses["destroy"],
        facts={"addresses": len(row.addresses)},
    )  # fmt: skip


def hashed(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _token(row: Departure) -> str:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    save(row, token_hash=hashed(token))
    return token


def _told() -> _Told | None:
    ending = contract.ending()
    if ending is None:
        return None
    order = contract.order()
    customer = tenancy.current()
    standing = tenancy.standing()
    addresses = order.notice_addresses or _keepers()
    return _Told(
        customer=customer,
        ending=ending,
        agreement="+".join(f"{one.agreement} {one.version}" for one in standing.signed),
        zone=order.zone,
        facts=_facts(ends_at=ending.ends_at, zone=order.zone),
        addresses=addresses,
        intake=order.export_intake,
    )


def _facts(*, ends_at: datetime, zone: str) -> EndFacts:
    return facts_of(
        contract.binding().agreement,
        ends_at=ends_at,
        zone=zone,
        scc=any(one.measure == "scc" for one in instructions.transfers()),
        texts=tuple((f"{one.agreement} {one.version}", one.digest) for one in tenancy.standing().signed),
    )


def _keepers() -> tuple[str, ...]:
    """Where nobody named an address for notices: those who may end a contract."""
    found = people.User.objects.filter(is_active=True, role__in=["administrator", "compliance"])
    return tuple(found.order_by("email").values_list("email", flat=True))[:10]


def _follow(customer_id: UUID, told: _Told | None, *, at: datetime) -> None:
    with desk(), transaction.atomic():
        known = rows(Departure).select_for_update().filter(customer_id=customer_id).exclude(state="cancelled").first()
        if known is not None and (told is None or known.ending_id != told.ending.id):
            if known.state not in _FREE:
                raise DepartureRefused(
                    "this departure goes on: data was destroyed", remedy="Sign up as a new customer."
                )
            _cancel(known, at=at)
            known = None
        if known is None and told is not None:
            _open(told, at=at)


def _open(told: _Told, *, at: datetime) -> None:
    row = Departure(
        id=new_id(at=at),
        customer_id=told.customer.id,
        ending_id=told.ending.id,
        handle=told.customer.handle,
        name=told.customer.name,
        custody=told.customer.custody,
        agreement=told.agreement,
        zone=told.zone,
        ends_at=told.ending.ends_at,
        choice=told.ending.choice,
        terms=told.facts.to_json(),
        state="ended",
        opened_at=at,
        addresses=list(told.addresses),
        intake=told.intake,
    )
    row.save(using="default", force_insert=True)
    obligations.evidence(
        kind=OPENED,
        clause=told.facts.clauses["destroy"],
        details={
            "departure": str(row.id),
            "customer": str(row.customer_id),
            "ends_at": row.ends_at.isoformat(),
            "closes_at": closing_at(row).isoformat(),
            "destroys_at": destruction_at(row).isoformat(),
        },
        at=at,
    )
    expect(row, "notice", due=at)
    expect(row, "close", due=closing_at(row))


def _cancel(row: Departure, *, at: datetime) -> None:
    save(row, state="cancelled", cancelled_at=at, token_hash="", addresses=[], intake="")
    letters.forget(row)
    forget_codes(row)
    obligations.evidence(
        kind=CANCELLED,
        clause=facts(row).clauses["renew"],
        details={"departure": str(row.id), "customer": str(row.customer_id)},
        at=at,
    )
