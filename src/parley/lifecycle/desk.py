"""Where departures are kept: the provider's database, through the alias `default` in the provider's scope.

A model of the provider goes through an alias of its own otherwise; here a step, its evidence and the deadlines that it
opens are to be one transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

from django.db.models import Model, QuerySet

from parley.foundation.ids import new_id
from parley.ledger.api import JSON
from parley.lifecycle.errors import UnknownDeparture
from parley.lifecycle.models import Departure, Step
from parley.lifecycle.rules import EndFacts, close_at, destroy_at
from parley.lifecycle.types import STEPS
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

_M = TypeVar("_M", bound=Model)
LONG: Final = frozenset({"isolate", "backup", "live", "copies"})
"""Steps that take their time: done by the thread for long work."""
ORDER: Final = tuple(STEPS)


@contextmanager
def desk() -> Iterator[tenancy.Customer]:
    """Work in the provider's scope."""
    with tenancy.scope(tenancy.provider()) as provider:
        yield provider


def rows(model: type[_M]) -> QuerySet[_M]:
    """The rows of a model of the provider, in the transaction of the provider's scope."""
    return model._default_manager.using("default")


def locked(departure_id: UUID) -> Departure:
    """The departure, locked until the transaction ends. Raises UnknownDeparture."""
    found = rows(Departure).select_for_update().filter(id=departure_id).first()
    if found is None:
        raise UnknownDeparture("there is no such departure", remedy="See the list of departures.")
    return found


def facts(row: Departure) -> EndFacts:
    """What the agreement says of this end."""
    return EndFacts.from_json(row.terms)


def closing_at(row: Departure) -> datetime:
    """When access ends."""
    return close_at(facts(row), ends_at=row.ends_at, confirmed=row.confirmed_at)


def destruction_at(row: Departure) -> datetime:
    """When keys and copies go."""
    return destroy_at(facts(row), ends_at=row.ends_at, confirmed=row.confirmed_at)


def customer_of(row: Departure) -> tenancy.Customer:
    """The customer that departs, in whatever state the register has it."""
    found = tenancy.known(row.customer_id)
    if found is None:
        raise UnknownDeparture("the register has no such customer", remedy="See: parley customer list")
    return found


def expect(row: Departure, step: str, *, due: datetime, cause: str = "") -> None:
    """Have a step done at `due`, in the caller's transaction; `cause` tells deadlines of the same step apart."""
    key = f"lifecycle.{step}:{row.id}" + (f":{cause}" if cause else "")
    obligations.enqueue(
        kind=f"lifecycle.{step}", key=key, due=due, payload={"departure": str(row.id)}, long=step in LONG
    )


def done(row: Departure, step: str) -> Step | None:
    """The step, when it was done."""
    return rows(Step).filter(departure_id=row.id, step=step).first()


def finish(
    row: Departure,
    step: str,
    *,
    began: datetime,
    at: datetime,
    clause: str,
    facts: Mapping[str, JSON] | None = None,
) -> Step:
    """Write down that a step was done, with evidence in the provider's log, in the caller's transaction."""
    evidence = obligations.evidence(
        kind=f"lifecycle.{step}",
        clause=clause,
        details={"departure": str(row.id), "customer": str(row.customer_id), **(facts or {})},
        at=at,
        entry_id=uuid5(row.id, step),
    )
    made = Step(
        id=new_id(at=at), departure=row, step=step, began_at=began, done_at=at, facts=dict(facts or {}),
        evidence_id=evidence,
    )  # fmt: skip
    made.save(using="default", force_insert=True)
    return made


def save(row: Departure, **changes: Any) -> None:
    """Change fields of a departure in the caller's transaction."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(using="default", update_fields=list(changes))


def departure_in(work: obligations.Work) -> Departure:
    """The departure that a deadline is about, locked. Raises UnknownDeparture."""
    return locked(UUID(work.payload["departure"]))


def seen(work: obligations.Work) -> Departure:
    """The same without a lock: for steps that take long. What they write, they write to the row that they lock then."""
    found = rows(Departure).filter(id=UUID(work.payload["departure"])).first()
    if found is None:
        raise UnknownDeparture("there is no such departure", remedy="See the list of departures.")
    return found
