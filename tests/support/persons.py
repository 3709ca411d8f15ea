"""Persons who ask, the officer who answers, and the worker's long work."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from parley.obligations import api as obligations
from parley.people import api as people
from parley.project.wiring import job_handlers, long_handlers
from parley.rights import api as rights
from parley.tenancy import api as tenancy


def officer() -> UUID:
    """A compliance officer of the customer in scope."""
    name = secrets.token_hex(4)
    return people.create_user(
        email=f"{name}@office.example", name=name, password=secrets.token_urlsafe(16), role="compliance"
    ).id


def ask(kind: str, *, email: str = "", number: str = "", at: datetime | None = None) -> rights.Receipt:
    """Somebody asks for `kind` by the portal."""
    at = at or datetime.now(UTC)
    return rights.receive(channel="portal", kinds=[kind], email=email, number=number, received_at=at, at=at)


def fulfilled(receipt: rights.Receipt, *, by: UUID, at: datetime) -> rights.RequestView:
    """The request verified by the controller's word, authorised where that is needed, looked for and fulfilled."""
    rights.verify(receipt.id, means="known-to-controller", by=by, at=at)
    if "authorise" in rights.request(receipt.id, at=at).possible:
        rights.authorise(receipt.id, by=by, at=at)
    rights.look(receipt.id, by=by, at=at)
    rights.fulfil(receipt.id, by=by, at=at)
    return rights.request(receipt.id, at=at)


def long_work(*customers: tenancy.Customer, at: datetime | None = None) -> None:
    """Do the long work that is due, and what it leaves to do, until there is none."""
    handlers = {**job_handlers(), **long_handlers()}
    for one in customers:
        while (outcome := obligations.run_due(one, handlers=handlers, now=at or datetime.now(UTC))).done:
            assert not outcome.failed, one.handle
