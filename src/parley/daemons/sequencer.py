"""Integrates what customers recorded into their logs, and countersigns the heads in the provider's log.

It may be killed at any moment: every step is a transaction that happened or did not, and what is left is found again,
by a wake or by the sweep. Two sequencers at once only wait for each other.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import django.db
import psycopg
import structlog

from parley.foundation.errors import ParleyError
from parley.ledger import api as ledger
from parley.monitoring import api as monitoring
from parley.tenancy import api as tenancy

_log = structlog.get_logger(__name__)


@dataclass
class Sequencer:
    """Who is tended when. `pause` is the least time between two heads of one customer: each head costs two signatures.

    `retry` is how long a customer rests whose log could not be tended; the others do not wait for it.
    """

    pause: timedelta = timedelta(seconds=1)
    retry: timedelta = timedelta(seconds=30)
    _tended: dict[UUID, datetime] = field(default_factory=dict)

    def turn(self, *, now: datetime) -> int:
        """Tends the customers whose wake is due at `now`, and says how many they were."""
        due = [one for one in tenancy.due_wakes("ledger", now) if now - self._tended.get(one, _NEVER) >= self.pause]
        for customer_id in due:
            # Before its entries are read: a wake that comes from now on stays for the next turn.
            tenancy.rest(customer_id, "ledger", seen=now, due=None)
        self._tend([found for one in due if (found := tenancy.by_id(one)) is not None], now=now)
        return len(due)

    def sweep(self, *, now: datetime) -> None:
        """Tends everybody: finds what was recorded or signed when a wake, or a sequencer, was lost."""
        self._tended.clear()
        self._tend([*tenancy.customers(), tenancy.provider()], now=now)

    def _tend(self, customers: list[tenancy.Customer], *, now: datetime) -> None:
        if not customers:
            return
        provider = tenancy.provider()
        with tenancy.connect(provider, role="sequencer") as ours:
            for customer in customers:
                self._tended[customer.id] = now
                monitoring.beat()
                if customer.id != provider.id:
                    with self._guarded(customer, now=now):
                        _tend_customer(customer, provider, ours, at=now)
            with self._guarded(provider, now=now):
                # Last, so that its head covers the entries that the countersignatures made.
                _integrate(provider, ours)

    @contextmanager
    def _guarded(self, customer: tenancy.Customer, *, now: datetime) -> Iterator[None]:
        """One customer's trouble is logged and tried again later; it does not become the others'."""
        try:
            yield
        except (ParleyError, psycopg.Error) as error:
            _log.error(
                "ledger.not_tended",
                customer=str(customer.id),
                error_id=getattr(error, "error_id", type(error).__name__),
            )
            tenancy.wake(customer.id, "ledger", now + self.retry)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _tend_customer(
    customer: tenancy.Customer, provider: tenancy.Customer, ours: "psycopg.Connection[Any]", *, at: datetime
) -> None:
    with tenancy.connect(customer, role="sequencer") as theirs:
        _integrate(customer, theirs)
        keyring = tenancy.keyring()
        ledger.countersign(
            theirs,
            ours,
            log_key=keyring.ledger_signer(customer).log_key,
            signer=keyring.ledger_signer(provider),
            at=at,
        )


def _integrate(customer: tenancy.Customer, conn: "psycopg.Connection[Any]") -> None:
    signer = tenancy.keyring().ledger_signer(customer)
    while checkpoint := ledger.integrate(conn, signer=signer):
        _log.info("ledger.integrated", customer=str(customer.id), size=checkpoint.size)


def run(*, stop: Event, poll_seconds: float = 0.25, sweep_seconds: float = 60.0, pause_seconds: float = 1.0) -> None:
    """Tends every customer's log until `stop` is set: at once what is woken, everybody at the start and now and then.

    A database that is away is waited for.
    """
    sequencer = Sequencer(pause=timedelta(seconds=pause_seconds))
    sweep_due = time.monotonic()
    while not stop.is_set():
        monitoring.beat()
        now = datetime.now(UTC)
        try:
            if time.monotonic() >= sweep_due:
                sequencer.sweep(now=now)
                sweep_due = time.monotonic() + sweep_seconds
            else:
                sequencer.turn(now=now)
            stop.wait(poll_seconds)
        except (django.db.Error, psycopg.OperationalError) as error:
            _log.warning("ledger.database_away", error=type(error).__name__)
            django.db.connections.close_all()
            sweep_due = time.monotonic()  # what was under way is found again
            stop.wait(1.0)
