"""Incidents in tests: customers with recordings, a declaration, and the worker's turns over provider and customers."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.support.recorded_rows import add_recording
from tests.support.smtp_sink import Sink

from parley.governance.contract import api as contract
from parley.governance.incidents import api as incidents
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

STAFF = UUID(int=7)
NOVEMBER = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
KNOWLEDGE = incidents.Knowledge(
    nature="A disk with sealed recordings was read by somebody who should not have.",
    consequences="Who called whom, and when, may be known to others.",
    measures="The disk was taken out of use. Keys were not on it.",
    unknown="Whether anything was copied.",
)
CONTACT = incidents.ContactPoint(name="Privacy desk", email="privacy@provider.example", phone="+39 0584 1")
CRITERIA = incidents.Criteria(
    offering="call-recording", since=NOVEMBER - timedelta(days=1), until=NOVEMBER + timedelta(days=1)
)


def office(customer: tenancy.Customer) -> str:
    """Where notices to `customer` go."""
    return f"office@{customer.handle}.example"


def furnish(customer: tenancy.Customer, *, recordings: int, at: datetime = NOVEMBER, callers: int = 2) -> None:
    """Give `customer` a notice address and `recordings`, each with another of `callers` and the same switchboard."""
    with tenancy.scope(customer):
        contract.set_notice_addresses([office(customer)], by=str(STAFF), at=datetime.now(UTC))
        for number in range(recordings):
            add_recording(at=at, numbers=["+390584000000", f"+3905841{number % callers:05d}"])


def declare(
    *, criteria: incidents.Criteria = CRITERIA, known_ago: timedelta = timedelta(hours=2), **more: object
) -> UUID:
    """An incident that staff knew of `known_ago`."""
    now = datetime.now(UTC)
    given = {
        "title": f"A disk was read {uuid4().hex[:6]}",
        "kind": "confidentiality",
        "known_at": now - known_ago,
        "knowledge": KNOWLEDGE,
        "contact": CONTACT,
        "criteria": criteria,
        "by": STAFF,
        "at": now,
    }
    return incidents.declare(**given | more)  # type: ignore[arg-type]


def handlers(server: Sink | None) -> Mapping[str, obligations.Handler]:
    """The worker's handlers for incidents, and for mail when there is a server."""
    return {**incidents.handlers(), **({mail.SEND: server.courier().attempt} if server else {})}


def turns(
    customers: Iterable[tenancy.Customer],
    *,
    server: Sink | None,
    later: timedelta = timedelta(seconds=1),
    rounds: int = 3,
) -> None:
    """What a worker does at `later` from now for the provider, then for `customers`, until what follows is done too."""
    known = handlers(server)
    for _round in range(rounds):
        for customer in (tenancy.provider(), *customers):
            obligations.run_due(customer, handlers=known, now=datetime.now(UTC) + later)


def told_of_incident(customer: tenancy.Customer) -> str:
    """An incident that touches `customer` alone, with its first notice in the outbox; its id."""
    furnish(customer, recordings=0)
    incident = declare(criteria=incidents.Criteria(customers=(customer.handle,)))
    turns([], server=None, rounds=1)
    return str(incident)
