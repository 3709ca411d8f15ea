"""Entries for the register, and a worker's turn at what they cause."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from parley.governance.subprocessors import api as subprocessors
from parley.governance.subprocessors.models import Change
from parley.governance.subprocessors.receiving import receive
from parley.mail import api as mail
from parley.mail.outbox import Courier
from parley.obligations import api as obligations
from parley.project.wiring import job_handlers
from parley.tenancy import api as tenancy

STAFF = UUID(int=7)
"""Somebody of the provider's."""

OFFICER = UUID(int=8)
"""Somebody of the customer's."""

FLOWDOWN = subprocessors.FlowDown(
    digest="ab" * 32,
    signed_on=date(2026, 1, 15),
    clauses={duty: f"section {number}" for number, duty in enumerate(subprocessors.FLOWDOWN_DUTIES, 1)},
)


def entry(key: str = "", **more: Any) -> subprocessors.Entry:
    """An entry that the register takes; every field may be given anew."""
    key = key or f"sub-{secrets.token_hex(4)}"
    given = {
        "key": key,
        "name": f"{key.title()} GmbH",
        "role": "storage of sealed recordings",
        "country": "DE",
        "address": "Lindenstr. 1, 10969 Berlin",
        "contact": f"privacy@{key}.example",
        "privacy_url": f"https://{key}.example/privacy",
        "purposes": ("record-calls", "play-recordings", "fetch-original"),
        "offerings": ("call-recording",),
        "flowdown": FLOWDOWN,
    }
    return subprocessors.Entry(**given | more)


def work_off(*customers: tenancy.Customer, courier: Courier | None = None, at: datetime | None = None) -> None:
    """Do what is due at `at`, now by default: the provider's jobs, then those of `customers` and what they open."""
    handlers = dict(job_handlers())
    if courier is not None:
        handlers[mail.SEND] = courier.attempt
    for one in (tenancy.provider(), *customers):
        while (outcome := obligations.run_due(one, handlers=handlers, now=at or datetime.now(UTC))).done:
            assert not outcome.failed, one.handle


def told_alone(customer: tenancy.Customer, **more: Any) -> tuple[str, str, int]:
    """Announce a change of which this customer alone has heard: change, key of the sub-processor, register version."""
    now = datetime.now(UTC)
    new = entry(**more)
    change = subprocessors.announce(new, planned_start=now + timedelta(days=60), at=now, by=STAFF)
    with tenancy.scope(customer):
        receive(Change.objects.get(id=change))
    seen = subprocessors.announcement(change, at=now)
    return str(change), new.key, seen.register_version
