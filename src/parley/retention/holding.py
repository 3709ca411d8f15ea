"""Holds: placed, reviewed, lifted; whom and what they reach."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.inventory.api import Held, Subject, stores
from parley.obligations import api as obligations
from parley.retention import bearing, remembering
from parley.retention.errors import HoldRefused, NoSuchHold
from parley.retention.models import HeldLook, HeldRecord, Hold, SealingEpoch
from parley.retention.nights import expect_night
from parley.retention.types import Binds, HoldView, LookView, Scope
from parley.sealing.api import FieldOpener, FieldSealer
from parley.tenancy import api as tenancy

REVIEW: Final = "retention.hold-review"
LOOK: Final = timedelta(hours=1)
LONGEST_REASON: Final = 2000
_LOOKS_SHOWN: Final = 50


def place_hold(
    *,
    title: str,
    ground: str,
    owner: UUID,
    review_at: datetime,
    by: UUID,
    at: datetime,
    binds: Binds = "customer",
    law: str = "",
    subject: Subject | None = None,
    records: Sequence[Held] = (),
    store: str = "",
    kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> HoldView:
    """What the hold reaches stays, and rests: of `subject` in all stores, or `records`, or a `kind` of a `store` ("*":
    each) in [since, until). Leaves evidence; a review is due at `review_at`. Raises HoldRefused.

    A hold on a person reaches records that come later as well, where the provider can open who it is.
    """
    scope = _scope(subject, records, store, kind, since=since, until=until)
    if not title.strip() or not ground.strip():
        raise HoldRefused("a hold needs a name and its legal ground", remedy="Say what it is for and what orders it.")
    if review_at <= at:
        raise HoldRefused("a hold is reviewed after it begins", remedy="Choose a later day.")
    clause = contract.binding().agreement.terms.retention.clause
    with transaction.atomic():
        bearing.no_disposal_beside()
        reached = [one for each in stores() for one in each.find(subject)] if subject else list(records)
        hold_id = new_id(at=at)
        evidence = obligations.evidence(
            kind="retention.hold-placed",
            clause=clause,
            details={
                "hold": str(hold_id), "scope": scope, "binds": binds, "store": store, "kind": kind,
                "records": len(reached), "owner": str(owner), "by": str(by), "review": review_at.isoformat(),
            },
            at=at,
        )  # fmt: skip
        epoch, sealed = _sealed(hold_id, subject, at=at) if subject else (None, b"")
        hold = Hold.objects.create(
            id=hold_id, title=title.strip(), ground=ground.strip(), law=law.strip(), binds=binds, scope=scope,
            store=store, kind=kind, since=since, until=until, epoch=epoch, subject=sealed, owner=owner,
            review_at=review_at, placed_at=at, placed_by=by, clause=clause, evidence_id=evidence,
        )  # fmt: skip
        _reach(hold, reached)
        _expect_review(hold)
        expect_night(at=at)
        remembering.note_hold(hold_id, at=at)
    return hold_of(hold_id)


def lift_hold(hold_id: UUID, *, reason: str, by: UUID, at: datetime, as_provider: bool = False) -> HoldView:
    """The hold ends; what it kept goes by rule and request again. Leaves evidence. Raises NoSuchHold, HoldRefused: one
    that binds the provider is the provider's to lift."""
    if not reason.strip():
        raise HoldRefused("a hold is lifted for a reason", remedy="Say why it is over.")
    with transaction.atomic():
        bearing.no_disposal_beside()
        hold = _locked(hold_id)
        _require_own(hold, as_provider=as_provider)
        if hold.lifted_at is None:
            obligations.evidence(
                kind="retention.hold-lifted", clause=hold.clause, details={"hold": str(hold_id), "by": str(by)}, at=at
            )
            hold.lifted_at, hold.lifted_by, hold.lifted_because = at, by, reason.strip()
            hold.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
            HeldLook.objects.filter(record__in=hold.records.values("record")).update(until=at)
            remembering.note_changed(hold_id, at=at)
    return hold_of(hold_id)


def review_hold(hold_id: UUID, *, next_review: datetime, by: UUID, at: datetime, as_provider: bool = False) -> HoldView:
    """Somebody found the hold still needed, and looks again at `next_review`. Raises NoSuchHold, HoldRefused."""
    with transaction.atomic():
        hold = _locked(hold_id)
        _require_own(hold, as_provider=as_provider)
        if hold.lifted_at is not None or next_review <= at:
            raise HoldRefused("this hold cannot be reviewed like that", remedy="Choose a later day.")
        details = {"hold": str(hold_id), "by": str(by), "review": next_review.isoformat()}
        obligations.evidence(kind="retention.hold-reviewed", clause=hold.clause, details=details, at=at)
        hold.review_at = next_review
        hold.save(update_fields=["review_at"])
        _expect_review(hold)
        remembering.note_changed(hold_id, at=at)
    return hold_of(hold_id)


def look(store: str, record: Held, *, reason: str, by: UUID, at: datetime) -> datetime:
    """The owner of a hold may use a record that it keeps, for an hour. The reason is kept sealed, for it may name
    somebody; the evidence has its hash.

    Returns until when. Raises HoldRefused for anybody else, or without a reason.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise HoldRefused("whoever looks says why", remedy="Write the reason in a few words; it stays with the hold.")
    with transaction.atomic():
        found = {one.hold for one in bearing.reaching(store, [record]).get(record.id, ())}
        owned = Hold.objects.filter(id__in=found, owner=by).order_by("placed_at").first()
        if owned is None:
            raise HoldRefused("only the owner of the hold may look", remedy="Ask the owner; the hold's page names it.")
        look_id = new_id(at=at)
        epoch, sealed = _seal({"reason": reason.strip()}, aad=look_id.bytes, at=at)
        details = {
            "hold": str(owned.id), "store": store, "record": str(record.id), "by": str(by), "look": str(look_id),
            "reason_sealed_sha256": hashlib.sha256(sealed).hexdigest(),
        }  # fmt: skip
        evidence = obligations.evidence(kind="retention.held-used", clause=owned.clause, details=details, at=at)
        HeldLook.objects.create(
            id=look_id, store=store, record=record.id, person=by, at=at, until=at + LOOK, hold=owned, epoch=epoch,
            reason=sealed, evidence_id=evidence,
        )  # fmt: skip
    return at + LOOK


def looks(hold_id: UUID) -> tuple[LookView, ...]:
    """Who used what the hold keeps, and why; the newest of them."""
    opener = FieldOpener(identities) if (identities := tenancy.keyring().identities(tenancy.current())) else None
    found = HeldLook.objects.filter(hold_id=hold_id).select_related("epoch").order_by("-at", "id")[:_LOOKS_SHOWN]
    return tuple(
        LookView(
            store=row.store, record=row.record, person=row.person, at=row.at, sealed=opener is None,
            reason="" if opener is None or row.epoch is None else json.loads(
                opener.open_column(bytes(row.reason), wrapped=bytes(row.epoch.wrapped), aad=row.id.bytes)
            )["reason"],
        )
        for row in found
    )  # fmt: skip


def holds(*, lifted: bool = False) -> tuple[HoldView, ...]:
    """The holds that stand, the next review first; or those that were lifted, newest first."""
    rows = Hold.objects.filter(lifted_at__isnull=not lifted).annotate(reached=Count("records"))
    return tuple(_view(row) for row in rows.order_by("-lifted_at" if lifted else "review_at"))


def hold_of(hold_id: UUID) -> HoldView:
    """One hold. Raises NoSuchHold."""
    row = Hold.objects.filter(id=hold_id).annotate(reached=Count("records")).first()
    if row is None:
        raise NoSuchHold("there is no such hold")
    return _view(row)


def reached(hold_id: UUID, *, limit: int = 50) -> tuple[Held, ...]:
    """Records that a hold on a person or on named records reaches, newest first."""
    rows = HeldRecord.objects.filter(hold_id=hold_id).order_by("-at", "record")[:limit]
    return tuple(Held(store=row.store, kind=row.kind, id=row.record, at=row.at) for row in rows)


def held(store: str, ids: Sequence[UUID | Held]) -> Mapping[UUID, HoldView]:
    """Those of the records that a hold reaches, each with the one that is named first. One query, a second where there
    are any. Of a bare id a hold on a kind in a span of time reaches rather too much."""
    found = {record: _first(reaches) for record, reaches in bearing.reaching(store, ids).items()}
    if not found:
        return {}
    rows = Hold.objects.filter(id__in=set(found.values())).annotate(reached=Count("records"))
    views = {row.id: _view(row) for row in rows}
    return {record: views[hold] for record, hold in found.items()}


def gather() -> int:
    """Records that came since: those of persons whom a hold concerns. Returns how many. Who it is stays sealed where
    the customer alone holds its key: such a hold reaches what was there when it was placed."""
    bearing.gathering_alone()
    new = 0
    for hold in Hold.objects.filter(scope="subject", lifted_at__isnull=True).select_related("epoch"):
        subject = _opened(hold)
        if subject is not None:
            new += _reach(hold, [one for store in stores() for one in store.find(subject)])
    return new


def stand_again(*, at: datetime) -> None:
    """After a restoration: holds reach what came since, and reviews and the next night are due as they were."""
    standing = list(Hold.objects.filter(lifted_at__isnull=True))
    for hold in standing:
        _expect_review(hold)
    if standing:
        gather()
        expect_night(at=at)


def handlers(remind: Callable[[HoldView], None]) -> Mapping[str, obligations.Handler]:
    """`remind` is told of a hold that is due for review and still stands."""

    def review(work: obligations.Work) -> None:
        hold = hold_of(UUID(work.payload["hold"]))
        if hold.lifted_at is None and hold.review_at <= work.now:
            remind(hold)

    return {REVIEW: review}


def _scope(
    subject: Subject | None,
    records: Sequence[Held],
    store: str,
    kind: str,
    *,
    since: datetime | None,
    until: datetime | None,
) -> Scope:
    given = [name for name, there in (("subject", subject), ("records", records), ("span", store or kind)) if there]
    if len(given) != 1:
        raise HoldRefused("a hold is on a person, on records, or on a kind of record", remedy="Choose one of them.")
    if given == ["span"]:
        known = stores().by_name
        if store not in known or (kind != "*" and kind not in known[store].kinds):
            raise HoldRefused(f"there is no kind {kind!r} in {store!r}", remedy="Choose one of the inventory.")
        if since is not None and until is not None and until <= since:
            raise HoldRefused("a span of time ends after it begins", remedy="Choose a later end.")
    return cast(Scope, given[0])


def _require_own(hold: Hold, *, as_provider: bool) -> None:
    if hold.binds == "provider" and not as_provider:
        raise HoldRefused("this hold binds the provider itself", remedy="Ask the provider; its ground says why.")


def _first(reaches: Sequence[bearing.Reach]) -> UUID:
    return min(reaches, key=lambda one: (one.binds != "provider", one.hold)).hold


def _reach(hold: Hold, records: Sequence[Held]) -> int:
    known = set(HeldRecord.objects.filter(hold=hold).values_list("store", "record"))
    new = [one for one in dict.fromkeys(records) if (one.store, one.id) not in known]
    HeldRecord.objects.bulk_create(
        [HeldRecord(hold=hold, store=one.store, kind=one.kind, record=one.id, at=one.at) for one in new],
        ignore_conflicts=True,
        batch_size=1000,
    )
    return len(new)


def _locked(hold_id: UUID) -> Hold:
    row = Hold.objects.select_for_update().filter(id=hold_id).first()
    if row is None:
        raise NoSuchHold("there is no such hold")
    return row


def _expect_review(hold: Hold) -> None:
    obligations.enqueue(
        kind=REVIEW,
        key=f"{REVIEW}:{hold.id}:{hold.review_at.isoformat()}",
        due=hold.review_at,
        payload={"hold": str(hold.id)},
    )


def _sealed(hold_id: UUID, subject: Subject, *, at: datetime) -> tuple[SealingEpoch, bytes]:
    content = {
        "numbers": list(subject.numbers), "emails": list(subject.emails),
        "user_ids": [str(one) for one in subject.user_ids],
        "records": [[store, str(record)] for store, record in subject.records],
    }  # fmt: skip
    return _seal(content, aad=hold_id.bytes, at=at)


def _seal(content: Mapping[str, object], *, aad: bytes, at: datetime) -> tuple[SealingEpoch, bytes]:
    sealer = FieldSealer(tenancy.current().recipients)
    sealed = sealer.seal(json.dumps(content).encode(), aad=aad, now=at.timestamp())
    epoch = SealingEpoch.objects.create(id=sealed.epoch_id, wrapped=sealed.wrapped)
    return epoch, sealed.data


def _opened(hold: Hold) -> Subject | None:
    identities = tenancy.keyring().identities(tenancy.current())
    if not identities or hold.epoch is None:
        return None
    opener = FieldOpener(identities)
    content = json.loads(opener.open_column(bytes(hold.subject), wrapped=bytes(hold.epoch.wrapped), aad=hold.id.bytes))
    return Subject(
        numbers=tuple(content["numbers"]), emails=tuple(content["emails"]),
        user_ids=tuple(UUID(one) for one in content["user_ids"]),
        records=tuple((store, UUID(record)) for store, record in content["records"]),
    )  # fmt: skip


def _view(row: Hold) -> HoldView:
    reached_now: int = getattr(row, "reached", 0)
    return HoldView(
        id=row.id,
        title=row.title,
        ground=row.ground,
        law=row.law,
        binds=cast(Binds, row.binds),
        scope=cast(Scope, row.scope),
        store=row.store,
        kind=row.kind,
        since=row.since,
        until=row.until,
        owner=row.owner,
        review_at=row.review_at,
        placed_at=row.placed_at,
        placed_by=row.placed_by,
        clause=row.clause,
        records=reached_now,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
        lifted_because=row.lifted_because,
        evidence_id=row.evidence_id,
    )
