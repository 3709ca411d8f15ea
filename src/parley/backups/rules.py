"""How often, how long, and whether it is as promised. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from parley.agreement.api import Agreement, Span, after, end_instants
from parley.backups.types import Promise

UNPROMISED_RPO: Final = timedelta(hours=24)
"""Ours, where no agreement says how much may be lost."""
_SLACK: Final = 0.9  # a backup begins when nine tenths of the RPO are over: it takes its time
_DRILL_EVERY: Final = timedelta(days=30)
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


def promise_of(agreement: Agreement) -> Promise:
    """What is promised of restoring in the deployments that Parley runs: any, and the public cloud.

    The dedicated cloud's term waits for that offering (ucx-terms UX-5.dedicated-rto).
    """
    terms = [term for term in agreement.terms.availability if term.deployment != "dedicated"]
    rto, rto_clause = _shortest((term.rto, term.clause) for term in terms)
    rpo, rpo_clause = _shortest((term.rpo, term.clause) for term in terms)
    return Promise(rto=rto, rto_clause=rto_clause, rpo=rpo, rpo_clause=rpo_clause)


def interval_of(promise: Promise) -> timedelta:
    """How far apart backups begin, so that one is ready before the RPO is over."""
    return (promise.rpo or UNPROMISED_RPO) * _SLACK


def expiry(
    agreement: Agreement, *, taken: datetime, keep: timedelta, ended_at: datetime | None, zone: str, final: bool = False
) -> datetime:
    """Until when a backup lives: `keep`, and never beyond the instant at which nothing may be left.

    A `final` one is all that is left after the end of a contract: it lives until that instant.
    """
    until = taken + keep
    if ended_at is None:
        return until
    destroy = end_instants(agreement.terms.end, ended_at, zone=zone).destroy
    return destroy if final else min(until, destroy)


def slot(at: datetime, *, every: timedelta, of: UUID) -> tuple[int, datetime]:
    """The number and beginning of the first slot that begins after `at`; customers begin at different times."""
    shift = every * (of.int % 997 / 997)
    number = (at - _EPOCH - shift) // every + 1
    return number, _EPOCH + shift + every * number


def take_slot(at: datetime, *, promise: Promise, of: UUID) -> tuple[str, datetime]:
    """Key and instant of the next scheduled backup: the same for whoever asks."""
    every = interval_of(promise)
    number, begins = slot(at, every=every, of=of)
    return f"{int(every.total_seconds())}:{number}", begins


def drill_slot(at: datetime, *, of: UUID) -> tuple[str, datetime]:
    """Key and instant of the next scheduled drill."""
    number, begins = slot(at, every=_DRILL_EVERY, of=of)
    return str(number), begins


def _shortest(spans: Iterable[tuple[Span | None, str]]) -> tuple[timedelta | None, str]:
    start = _EPOCH
    lengths = [(after(start, span, zone="UTC") - start, clause) for span, clause in spans if span is not None]
    return min(lengths, default=(None, ""))
