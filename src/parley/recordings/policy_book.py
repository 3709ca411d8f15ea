"""The customer's recording policies as rows: read, replaced, ordered, and compiled for recorders. In its scope.

Every change leaves evidence and gives recorders the whole set anew; `refresh` does so when people or groups changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from parley.agreement.api import FIND_RECORDINGS
from parley.foundation.errors import ParleyError
from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings import strictjson
from parley.recordings.models import RecordingPolicy
from parley.recordings.policies import Announced, Match, Policy, PolicySet
from parley.recordings.search import number_indexes
from parley.recordings.types import ConsentRule, Mode, Notice
from parley.tenancy import api as tenancy

MOST_POLICIES: Final = 200


class PolicyRefused(ParleyError):
    """A policy that cannot be; names the field and the remedy."""

    error_id: ClassVar[str] = "recordings.policy_refused"


@dataclass(frozen=True, kw_only=True)
class PolicyLine:
    """A policy as a page shows it: whom it is about by the ids of users and groups, or by the indexes of one number."""

    policy: Policy
    users: tuple[UUID, ...] = ()
    groups: tuple[UUID, ...] = ()
    number_indexes: frozenset[bytes] = frozenset()


def policies() -> tuple[PolicyLine, ...]:
    """The policies of the customer in scope, in their order."""
    return tuple(_line(row) for row in RecordingPolicy.objects.order_by("position"))


def save_policy(
    policy: Policy,
    *,
    users: Sequence[UUID] = (),
    groups: Sequence[UUID] = (),
    number: str = "",
    keep_number: bool = False,
    by: UUID,
    at: datetime,
) -> UUID:
    """Add a policy at the end, or change the one of that id; recorders have it within two seconds. Raises
    PolicyRefused. Of `number`, one telephone number, only the blind index is kept; `keep_number` keeps the one that
    the policy has."""
    _check(policy)
    if number and sum(letter.isdecimal() for letter in number) < 3:
        raise PolicyRefused("number: it has no digits", remedy="Write it with its country code: +39 0584 943232.")
    with transaction.atomic():
        known = RecordingPolicy.objects.select_for_update().order_by("position")
        rows = list(known)
        row = next((one for one in rows if one.id == policy.id), None)
        if row is None and len(rows) >= MOST_POLICIES:
            raise PolicyRefused(f"there are {MOST_POLICIES} policies", remedy="Remove one first.")
        kept = list(row.number_indexes) if row is not None and keep_number else []
        fields: dict[str, Any] = {
            "name": policy.name,
            "mode": policy.mode,
            "users": list(users),
            "groups": list(groups),
            "number_indexes": number_indexes(number) if number else kept,
            "match": strictjson.encode(replace(policy.match, numbers=None)),
            "sampling": policy.sampling,
            "announced": policy.announced,
            "announced_name": policy.announced_name,
            "refuse": policy.refuse,
            "auto_resume_seconds": policy.auto_resume_seconds,
            "notice": policy.notice,
            "consent": policy.consent,
        }
        position = row.position if row is not None else max((one.position for one in rows), default=0) + 1
        RecordingPolicy.objects.update_or_create(id=policy.id, defaults={**fields, "position": position})
        _leave("policy.changed" if row is not None else "policy.added", policy.id, mode=policy.mode, by=by, at=at)
        transaction.on_commit(refresh)
    return policy.id


def remove_policy(policy_id: UUID, *, by: UUID, at: datetime) -> None:
    """The policy goes; calls that run stay as they are."""
    with transaction.atomic():
        if RecordingPolicy.objects.filter(id=policy_id).delete()[0]:
            _leave("policy.removed", policy_id, mode="", by=by, at=at)
            transaction.on_commit(refresh)


def move_policy(policy_id: UUID, *, up: bool, by: UUID, at: datetime) -> None:
    """The policy changes places with the one before (`up`) or after it; at the end nothing happens."""
    with transaction.atomic():
        rows = list(RecordingPolicy.objects.select_for_update().order_by("position"))
        place = next((number for number, one in enumerate(rows) if one.id == policy_id), None)
        other = None if place is None else place + (-1 if up else 1)
        if place is None or other is None or not 0 <= other < len(rows):
            return
        rows[place].position, rows[other].position = rows[other].position, rows[place].position
        RecordingPolicy.objects.bulk_update([rows[place], rows[other]], ["position"])
        _leave("policy.moved", policy_id, mode=rows[place].mode, by=by, at=at)
        transaction.on_commit(refresh)


def compiled() -> PolicySet:
    """The policies with people and groups as blind indexes: what recorders decide by."""
    made = []
    for line in policies():
        numbers: frozenset[bytes] | None = None
        if line.users or line.groups or line.number_indexes:
            numbers = people.number_indexes(users=line.users, groups=line.groups) | line.number_indexes
        made.append(replace(line.policy, match=replace(line.policy.match, numbers=numbers)))
    return PolicySet(policies=tuple(made))


def refresh() -> bool:
    """Give recorders the policies as they are now; whether that was news. Cheap when nothing has changed."""
    return tenancy.set_policies(tenancy.current().id, compiled().to_json() if RecordingPolicy.objects.exists() else "")


def new_policy_id(at: datetime) -> UUID:
    """The id of a policy that is being added."""
    return new_id(at=at)


def _line(row: RecordingPolicy) -> PolicyLine:
    return PolicyLine(
        policy=Policy(
            id=row.id,
            name=row.name,
            mode=cast(Mode, row.mode),
            match=strictjson.decode(Match, row.match),
            sampling=row.sampling,
            announced=cast(Announced, row.announced),
            announced_name=row.announced_name,
            refuse=row.refuse,
            auto_resume_seconds=row.auto_resume_seconds,
            notice=cast(Notice, row.notice),
            consent=cast(ConsentRule, row.consent),
        ),
        users=tuple(row.users),
        groups=tuple(row.groups),
        number_indexes=frozenset(bytes(one) for one in row.number_indexes),
    )


def _check(policy: Policy) -> None:
    prefix = policy.match.prefix
    if not policy.name.strip():
        raise PolicyRefused("name: it is empty", remedy="Give the policy a name.")
    if prefix and not (prefix.startswith("+") and prefix[1:].isdecimal() and 2 <= len(prefix) <= 12):
        raise PolicyRefused(
            "prefix: it is not the beginning of an international number",
            remedy="Write it like +390584, at most 11 digits; for one whole number use the field for it.",
        )
    try:
        ZoneInfo(policy.match.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PolicyRefused("zone: it is not known", remedy="Write it like Europe/Rome.") from error


def _leave(kind: str, policy_id: UUID, *, mode: str, by: UUID, at: datetime) -> None:
    obligations.evidence(
        kind=kind,
        clause=contract.ask(FIND_RECORDINGS, at=at).clause,
        details={"policy": str(policy_id), "mode": mode, "user": str(by)},
        at=at,
    )
