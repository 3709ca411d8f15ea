"""What the command line shows of a rehearsal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, cast, get_args
from zoneinfo import ZoneInfo

from parley.agreement.api import EventKind, Moment, read_instant, rehearse, supposed
from parley.foundation.errors import ParleyError
from parley.governance.contract import api as contract
from parley.project.config import Config
from parley.project.customers import known
from parley.project.up import database_running


class RehearsalRefused(ParleyError):
    """The rehearsal was not described in a way that can be understood."""

    error_id: ClassVar[str] = "project.rehearsal"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table; `ours` says that a star stands at its date."""

    when: str
    what: str
    clause: str
    who: str
    title: str
    ours: bool


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What is told of one rehearsal: dates as clocks of the customer's zone show them."""

    agreement: str
    event: str
    at: str
    zone: str
    lines: tuple[Line, ...]


def rehearsed(config: Config, *, handle: str, event: str, at: str, facts: Sequence[str], until: str = "") -> Rehearsed:
    """What `event` would bring for the customer, under what it signed and as it stands today.

    Raises RehearsalRefused for an event, a fact or a date that cannot be understood.
    """
    if event not in get_args(EventKind):
        raise RehearsalRefused(f'there is no event "{event}"', remedy="say one of: " + ", ".join(get_args(EventKind)))
    with database_running(config):
        customer = known(handle)
        agreement = contract.binding_of(customer).agreement
    zone = customer.standing.zone
    happening = supposed(cast(EventKind, event), at=at, facts=dict(map(_fact, facts)), zone=zone)
    moments = rehearse(
        agreement,
        happening,
        zone=zone,
        until=_until(until, zone),
        standing=customer.standing,
        region=customer.region,
        custody=customer.custody,
    )
    return Rehearsed(
        agreement=agreement.id,
        event=event,
        at=_clock(happening.at, zone),
        zone=zone,
        lines=tuple(_line(moment, zone) for moment in moments),
    )


def _fact(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise RehearsalRefused(f'the fact "{text}" cannot be understood', remedy="write it like key=speech")
    return name.strip(), value


def _until(text: str, zone: str) -> datetime | None:
    if not text:
        return None
    found = read_instant(text, zone=zone)
    if found is None:
        raise RehearsalRefused(f'"{text}" is no date', remedy="write it like 2026-12-31")
    return found


def _line(moment: Moment, zone: str) -> Line:
    return Line(
        when=_clock(moment.at, zone) + ("*" if moment.authored else ""),
        what=moment.kind,
        clause=moment.clause,
        who=moment.owner if moment.kind in ("duty", "window") else "",
        title=moment.title,
        ours=moment.authored,
    )


def _clock(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%a %d %b %Y %H:%M")
