"""Periodic reviews of who has which role. The caller names the accounts: people's tables are above governance.

A customer reviews its own people in its database. The provider reviews its staff in its own, and every customer hears
of it: evidence in its log, its duty met, the next one opened.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Prefetch

from parley.agreement.api import Event, after
from parley.foundation.ids import new_id
from parley.governance.access.models import Review, ReviewLine
from parley.governance.access.rules import REVIEW_EVERY, check_judgements
from parley.governance.access.types import Account, Decided, Judgement, ReviewView, Whose
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

TELL: Final = "access.staff-review-tell"
HEARD: Final = "access.staff-review-heard"
OWN_CLAUSE: Final = "provider.access-review"
"""What the provider's own log names where no customer's agreement speaks: the provider is bound by none."""


def hold_review(
    *, accounts: Sequence[Account], judgements: Sequence[Judgement], roles: Collection[str], by: UUID, at: datetime
) -> ReviewView:
    """Record a review of the accounts of whoever is in scope, held by `by`; decisions are the caller's to carry out, in
    the same transaction. Raises AccessFormError.

    Under a customer: its own people. Under the provider: its staff, and all customers are told by jobs.
    """
    check_judgements(judgements, accounts=accounts, held_by=by, roles=roles)
    customer = tenancy.current()
    whose: Whose = "provider-staff" if customer.kind == "provider" else "customer-people"
    zone = customer.standing.zone
    row = Review(id=new_id(at=at), whose=whose, held_at=at, held_by=by, next_due=after(at, REVIEW_EVERY, zone=zone))
    with transaction.atomic():
        row.save(force_insert=True)
        ReviewLine.objects.bulk_create(
            ReviewLine(
                review=row,
                user_id=one.account.user_id,
                role=one.account.role,
                active=one.account.active,
                last_sign_in=one.account.last_sign_in,
                decision=one.decision,
                new_role=one.new_role,
            )
            for one in judgements
        )
        if whose == "customer-people":
            _meet_and_open(row, by=str(by), at=at)
        else:
            obligations.evidence(
                kind="access.reviewed", clause=OWN_CLAUSE, details=_facts(row, judgements, by=str(by)), at=at
            )
            obligations.enqueue(kind=TELL, key=f"access.review:{row.id}:tell", due=at, payload={"review": str(row.id)})
    return _view(row)


def expect_reviews(*, at: datetime) -> None:
    """The clock of both reviews starts for the customer in scope: the first of each is due three months from `at`."""
    agreed, zone = contract.binding().agreement, tenancy.current().standing.zone
    for whose in ("customer-people", "provider-staff"):
        event = Event(kind="access-review-held", id=f"start-{whose}", at=at)
        obligations.open_duties(agreed, event, zone=zone, subject=whose, at=at)


def reviews(*, limit: int = 20) -> list[ReviewView]:
    """The reviews that whoever is in scope held, newest first."""
    return [_view(row) for row in Review.objects.prefetch_related("lines").order_by("-held_at")[:limit]]


def last_staff_review() -> ReviewView | None:
    """The provider's last review of its own staff, for any customer to see: when, how many, what was decided."""
    row = (
        Review.objects.using("provider")
        .prefetch_related(_provider_lines())
        .filter(whose="provider-staff")
        .order_by("-held_at")
        .first()
    )
    return _view(row) if row else None


def tell_all(review_id: UUID, *, at: datetime) -> int:
    """Open, in every customer's database, the job that makes the provider's review known there; how many.

    Idempotent. Runs in a thread of its own: the caller's transaction belongs to the provider.
    """

    def tell() -> int:
        try:
            told = 0
            for customer in tenancy.customers():
                with tenancy.scope(customer):
                    obligations.enqueue(
                        kind=HEARD, key=f"access.review:{review_id}", due=at, payload={"review": str(review_id)}
                    )
                told += 1
            return told
        finally:
            connections.close_all()

    return _apart(tell)


def hear(review_id: UUID, *, at: datetime) -> None:
    """The provider's review reaches the customer in scope: evidence, the duty before it met, the next one opened."""
    row = Review.objects.using("provider").prefetch_related(_provider_lines()).filter(id=review_id).first()
    if row is not None:
        _meet_and_open(row, by=str(row.held_by), at=at)


def _meet_and_open(row: Review, *, by: str, at: datetime) -> None:
    customer, agreed = tenancy.current(), contract.binding().agreement
    view = _view(row)
    for earlier in obligations.duties(limit=200):
        if earlier.event_kind == "access-review-held" and earlier.waiting and earlier.subject == row.whose:
            obligations.meet(earlier.key, at=at, by=by, details={"review": str(row.id)})
    obligations.evidence(
        kind="access.reviewed",
        clause=agreed.terms.staff.clause,
        details=_facts(row, view.judgements, by=by),
        at=at,
    )
    event = Event(kind="access-review-held", id=str(row.id), at=row.held_at)
    obligations.open_duties(agreed, event, zone=customer.standing.zone, subject=row.whose, at=at)
    if row.whose == "provider-staff":
        _meet_grant_reviews(row, at=at, by=by)


def _meet_grant_reviews(row: Review, *, at: datetime, by: str) -> None:
    """A review of the staff is also the review that each access granted before it is owed."""
    for owed in obligations.duties(limit=200):
        granted = owed.event_kind == "staff-access-granted" and owed.kind == "duty"
        if granted and owed.waiting and owed.starts <= row.held_at:
            obligations.meet(owed.key, at=at, by=by, details={"review": str(row.id)})


def _provider_lines() -> "Prefetch[str]":
    """The lines of a review of the provider, which lie beside it and not in the database of the customer in scope."""
    return Prefetch("lines", queryset=ReviewLine.objects.using("provider"))


def _facts(row: Review, judgements: Sequence[Judgement], *, by: str) -> Mapping[str, str | int]:
    return {
        "review": str(row.id),
        "of": row.whose,
        "user": by,
        "accounts": len(judgements),
        **{word: sum(one.decision == word for one in judgements) for word in ("keep", "change", "remove")},
    }


def _view(row: Review) -> ReviewView:
    return ReviewView(
        id=row.id,
        whose=cast(Whose, row.whose),
        held_at=row.held_at,
        held_by=row.held_by,
        next_due=row.next_due,
        judgements=tuple(
            Judgement(
                account=Account(
                    user_id=line.user_id, role=line.role, active=line.active, last_sign_in=line.last_sign_in
                ),
                decision=cast(Decided, line.decision),
                new_role=line.new_role,
            )
            for line in row.lines.all()
        ),
    )


def _apart(work: Callable[[], int]) -> int:
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="access-tell") as thread:
        return thread.submit(work).result()
