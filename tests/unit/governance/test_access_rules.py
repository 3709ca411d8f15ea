"""Access rules: the life of a request, what a form must say, what a review decides, what a key event means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import get_args
from uuid import UUID, uuid4

import pytest

from parley.agreement.api import Span
from parley.governance.access.errors import AccessFormError, WrongMoment
from parley.governance.access.rules import (
    MOVES,
    UNANSWERED,
    check_handler,
    check_judgements,
    check_request,
    consequence,
    moved,
    sleeping,
    state_at,
)
from parley.governance.access.types import Account, Deed, Judgement, State

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
REASON = "A call of this morning does not play; look at its state."


def test_every_move_is_in_the_table_and_nothing_else_moves() -> None:
    for state, deed in product(get_args(State), get_args(Deed)):
        if (state, deed) in MOVES:
            assert moved(state, deed) == MOVES[state, deed]
        else:
            with pytest.raises(WrongMoment):
                moved(state, deed)


def test_a_grant_ends_and_a_request_lapses_by_time_alone() -> None:
    ends = NOW + timedelta(hours=1)
    assert state_at("active", asked_at=NOW, ends=ends, at=ends - timedelta(microseconds=1)) == "active"
    assert state_at("active", asked_at=NOW, ends=ends, at=ends) == "ended"
    assert state_at("asked", asked_at=NOW, ends=None, at=NOW + UNANSWERED - timedelta(seconds=1)) == "asked"
    assert state_at("asked", asked_at=NOW, ends=None, at=NOW + UNANSWERED) == "lapsed"
    assert state_at("refused", asked_at=NOW, ends=None, at=NOW + UNANSWERED) == "refused"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("reason", {"reason": "look"}),
        ("reason", {"reason": "x" * 2001}),
        ("case", {"case": ""}),
        ("case", {"case": "case of Ada Q."}),
        ("minutes", {"minutes": 0}),
        ("minutes", {"minutes": 8 * 60 + 1}),
    ],
)
def test_a_request_says_why_for_which_case_and_not_too_long(field: str, change: dict[str, object]) -> None:
    given = {
        "reason": REASON,
        "case": "C-4711",
        "minutes": 8 * 60,
        "longest": Span(8, "hours"),
        "at": NOW,
        "zone": "UTC",
    }
    check_request(**given)  # type: ignore[arg-type]
    with pytest.raises(AccessFormError) as refusal:
        check_request(**given | change)  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert refusal.value.remedy


def _account(role: str = "user", *, last: datetime | None = NOW, active: bool = True) -> Account:
    return Account(user_id=uuid4(), role=role, active=active, last_sign_in=last)


def test_a_review_decides_every_account_once() -> None:
    accounts = [_account("administrator"), _account()]
    holder = accounts[0].user_id
    keep = [Judgement(account=one, decision="keep") for one in accounts]
    roles = ("administrator", "user")
    check_judgements(keep, accounts=accounts, held_by=holder, roles=roles)
    wrong = [
        keep[:1],
        [*keep, keep[0]],
        [keep[0], Judgement(account=accounts[1], decision="change", new_role="user")],
        [keep[0], Judgement(account=accounts[1], decision="change", new_role="king")],
        [Judgement(account=accounts[0], decision="remove"), keep[1]],
    ]
    for judgements in wrong:
        with pytest.raises(AccessFormError):
            check_judgements(judgements, accounts=accounts, held_by=holder, roles=roles)
    removed = [keep[0], Judgement(account=accounts[1], decision="remove")]
    check_judgements(removed, accounts=accounts, held_by=UUID(int=1), roles=roles)


def test_an_account_that_nobody_uses_is_pointed_out() -> None:
    assert sleeping(_account(last=None), at=NOW)
    assert sleeping(_account(last=NOW - timedelta(days=90)), at=NOW)
    assert not sleeping(_account(last=NOW - timedelta(days=89)), at=NOW)
    assert not sleeping(_account(last=None, active=False), at=NOW)
    assert not sleeping(replace(_account(last=None), made_at=NOW - timedelta(days=1)), at=NOW)


@pytest.mark.parametrize(
    ("what", "custody", "concerned", "recipients", "copies", "says"),
    [
        ("loss", "customer-held", ["a"], ["a", "b"], False, "Nothing is lost: 1 other key"),
        ("loss", "customer-held", ["a"], ["a", "b", "c"], False, "2 other keys"),
        ("loss", "customer-held", ["a", "b"], ["a", "b"], False, "lost for good"),
        ("loss", "local", ["a"], ["a"], True, "restored from its backup"),
        ("loss", "local", ["a"], ["a"], False, "lost for good"),
        ("compromise", "local", ["a"], ["a"], False, "personal data breach"),
        ("rotated", "local", [], ["b"], False, "former keys"),
        ("drill-failed", "local", ["a"], ["a"], False, "as lost"),
    ],
)
def test_what_an_event_means_is_said_honestly(
    what: str, custody: str, concerned: list[str], recipients: list[str], copies: bool, says: str
) -> None:
    said = consequence(what, custody=custody, concerned=concerned, recipients=recipients, copies=copies)  # type: ignore[arg-type]
    assert says in said


def test_an_entry_of_the_handlers_names_a_company_with_its_country() -> None:
    check_handler(kind="subsidiary", name="Quillfeather SARL", country="FR", does="second-level support")
    check_handler(kind="medium", name="paper", country="", does="signed order forms in a locked cabinet")
    for wrong in ({"country": ""}, {"name": " "}, {"does": ""}):
        with pytest.raises(AccessFormError):
            check_handler(**{"kind": "provider", "name": "Host", "country": "FR", "does": "hosting"} | wrong)  # type: ignore[arg-type]
