"""Retention: how long each kind of record is kept, what another time would delete, a new rule."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from parley.agreement.api import Span
from parley.retention import api as retention
from parley.web.rest.description import answers
from parley.web.rest.scopes import Scope, overseeing

router = Router(tags=["retention"])
Name = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class SpanOut(Schema):
    """A time: 6 months."""

    amount: int
    unit: str


class LimitOut(SpanOut):
    """A shortest or longest time, and the clause or law that sets it."""

    by: str
    name: str


class RuleOut(Schema):
    """How long a kind of record is kept; `keep` null: until somebody deletes it. `set_by` null: nobody said yet.
    `mine`: the customer may change it, else the provider alone, says `clause`."""

    store: str
    kind: str
    words: str
    keep: SpanOut | None
    set_by: UUID | None
    set_at: datetime | None
    evidence_id: UUID | None
    shortest: LimitOut | None
    longest: LimitOut | None
    mine: bool
    clause: str


class Keep(Schema):
    """A time to keep records: `amount` and `unit`, or neither: until somebody deletes them."""

    amount: int | None = Field(None, ge=1, le=99_999)
    unit: Literal["days", "months", "years"] | None = None


class NewRule(Keep):
    """A new rule, with the `count` that its preview told of it: where it would delete another number now: 409."""

    count: int = Field(ge=0)


class PreviewOut(Schema):
    """What a rule would delete at once: `count` records, the oldest and the newest by time. What it would
    leave: `held`, by the id of the hold, and `kept`, by law or restriction."""

    count: int
    oldest: datetime | None
    newest: datetime | None
    held: dict[str, int]
    kept: dict[str, int]


@router.get(
    "/retention",
    response=answers(list[RuleOut]),
    url_name="retention",
    summary="The rules of retention",
    auth=Scope("retention:read"),
)
def list_rules(request: HttpRequest) -> list[RuleOut]:
    """One for each kind of record, whether somebody set it or not."""
    overseeing(request)
    return [_out(one) for one in retention.rules()]


@router.get(
    "/retention/{store}/{record_kind}/preview",
    response=answers(PreviewOut, 404, 409, 422),
    summary="What a rule of retention would delete",
    auth=Scope("retention:read"),
)
def preview_rule(request: HttpRequest, store: Path[Name], record_kind: Path[Name], keep: Query[Keep]) -> PreviewOut:
    """Nothing is changed; `count` is asked for when the rule is set."""
    overseeing(request)
    _found(store, record_kind)
    return _preview(retention.preview(store, record_kind, _span(keep), timezone.now()))


@router.put(
    "/retention/{store}/{record_kind}",
    response=answers(RuleOut, 404, 409, 422),
    url_name="rule",
    summary="Set a rule of retention",
    auth=Scope("retention:write"),
)
def set_rule(request: HttpRequest, store: Path[Name], record_kind: Path[Name], new: NewRule) -> RuleOut:
    """The next night deletes by it. Outside the limits of law and agreement: 409."""
    here, now = overseeing(request), timezone.now()
    _found(store, record_kind)
    keep = _span(new)
    count = retention.preview(store, record_kind, keep, now).count
    if count != new.count:
        raise retention.RuleRefused(
            f"`count` is {new.count}, and the rule would delete {count} records now",
            remedy="Read its preview again, and give the number that it tells now.",
        )
    return _out(retention.set_rule(store=store, kind=record_kind, keep=keep, by=here.person.id, at=now))


def _found(store: str, kind: str) -> retention.Rule:
    found = next((one for one in retention.rules() if (one.store, one.kind) == (store, kind)), None)
    if found is None:
        raise Http404("there is no such kind of record")
    return found


def _span(keep: Keep) -> Span | None:
    if keep.amount is None and keep.unit is None:
        return None
    if keep.amount is None or keep.unit is None:
        raise HttpError(422, "A time has `amount` and `unit`; with neither, records stay until somebody deletes them.")
    return Span(keep.amount, keep.unit)


def _out(one: retention.Rule) -> RuleOut:
    limits = one.limits
    return RuleOut(
        store=one.store, kind=one.kind, words=one.words, set_by=one.set_by, set_at=one.set_at,
        keep=SpanOut(amount=one.keep.amount, unit=one.keep.unit) if one.keep else None,
        evidence_id=one.evidence_id, shortest=_limit(limits.shortest), longest=_limit(limits.longest),
        mine=limits.controlled_by == "customer", clause=limits.clause,
    )  # fmt: skip


def _limit(one: retention.Limit | None) -> LimitOut | None:
    return LimitOut(amount=one.span.amount, unit=one.span.unit, by=one.by, name=one.name) if one else None


def _preview(shown: retention.Preview) -> PreviewOut:
    return PreviewOut(
        count=shown.count, oldest=shown.oldest, newest=shown.newest, kept=dict(shown.kept),
        held={str(hold): count for hold, count in shown.held.items()},
    )  # fmt: skip
