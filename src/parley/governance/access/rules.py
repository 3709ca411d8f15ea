"""Decisions about access by staff, reviews, keys and handlers. Pure: facts and the time are arguments."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from parley.agreement.api import Span, after
from parley.governance.access.errors import AccessFormError, WrongMoment
from parley.governance.access.types import Account, Deed, HandlerKind, Judgement, KeyHappening, State

UNANSWERED: Final = timedelta(days=7)
"""How long a request waits for the customer's word; then it lapses and has to be asked anew."""
REVIEW_EVERY: Final = Span(3, "months")
"""How often accounts are reviewed: ours, no text names a span."""
SLEEPING: Final = timedelta(days=90)
"""An account that nobody used for so long is pointed out in a review."""
LEAST_REASON: Final = 10
MOST_TEXT: Final = 2000
CASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}")

MOVES: Final[Mapping[tuple[State, Deed], State]] = MappingProxyType(
    {
        ("asked", "consent"): "active",
        ("asked", "refuse"): "refused",
        ("asked", "withdraw"): "withdrawn",
        ("active", "end"): "ended",
    }
)
"""The whole life of a request; what is not here is no move."""

_WORDS: Final[Mapping[State, str]] = MappingProxyType(
    {
        "asked": "waits for the customer's word",
        "active": "is running",
        "refused": "was refused",
        "withdrawn": "was withdrawn",
        "lapsed": "got no answer in time and lapsed",
        "ended": "has ended",
    }
)


def state_at(state: State, *, asked_at: datetime, ends: datetime | None, at: datetime) -> State:
    """The state at `at`: a grant ends at its end, and a request lapses, also when no job has said so yet."""
    if state == "active" and ends is not None and ends <= at:
        return "ended"
    if state == "asked" and asked_at + UNANSWERED <= at:
        return "lapsed"
    return state


def moved(state: State, deed: Deed) -> State:
    """The state after `deed`; raises WrongMoment for a deed that does not fit."""
    target = MOVES.get((state, deed))
    if target is None:
        raise WrongMoment(f"the request {_WORDS[state]}", remedy="Load the page again; ask anew if access is needed.")
    return target


def check_request(*, reason: str, case: str, minutes: int, longest: Span, at: datetime, zone: str) -> None:
    """Raises AccessFormError for a request that says too little or wants too long."""
    if len(reason.strip()) < LEAST_REASON or len(reason) > MOST_TEXT:
        raise AccessFormError(
            "the purpose says too little or too much",
            field="reason",
            remedy=f"Say in {LEAST_REASON} to {MOST_TEXT} characters what has to be looked at, and why.",
        )
    if not CASE.fullmatch(case):
        raise AccessFormError(
            "this is no reference of a support case",
            field="case",
            remedy="Give the case's number: letters, digits and . _ / # -, at most 40.",
        )
    most = int((after(at, longest, zone=zone) - at.astimezone(UTC)) / timedelta(minutes=1))
    if not 1 <= minutes <= most:
        raise AccessFormError(
            f"the agreement allows at most {longest}", field="minutes", remedy=f"Choose 1 to {most} minutes."
        )


def check_judgements(
    judgements: Sequence[Judgement], *, accounts: Iterable[Account], held_by: object, roles: Collection[str]
) -> None:
    """Raises AccessFormError unless every account is judged once, changes name another role, and nobody removes
    itself: somebody has to be left who can let people in."""
    wanted = {account.user_id for account in accounts}
    judged = [judgement.account.user_id for judgement in judgements]
    if set(judged) != wanted or len(judged) != len(wanted):
        raise AccessFormError(
            "a review decides every account, once",
            field="decision",
            remedy="Load the page again: somebody was added or removed meanwhile.",
        )
    for judgement in judgements:
        if judgement.decision == "change" and (
            judgement.new_role not in roles or judgement.new_role == judgement.account.role
        ):
            raise AccessFormError(
                "a change names another role", field=str(judgement.account.user_id), remedy="Choose the new role."
            )
        if judgement.decision != "keep" and judgement.account.user_id == held_by:
            raise AccessFormError(
                "whoever holds the review cannot remove or change itself",
                field=str(judgement.account.user_id),
                remedy="Let somebody else of your organisation decide that.",
            )


def sleeping(account: Account, *, at: datetime) -> bool:
    """Whether the account is open and was not used for 90 days; one that never was counts from when it was made."""
    used = account.last_sign_in or account.made_at
    return account.active and (used is None or used <= at - SLEEPING)


def consequence(
    what: KeyHappening, *, custody: str, concerned: Collection[str], recipients: Collection[str], copies: bool = False
) -> str:
    """What an event means for the data, honestly, in one or two sentences.

    `concerned` are the keys lost or told to others, `recipients` those that content is sealed to; `copies`: the
    provider holds a backup of the keyring that opens.
    """
    left = set(recipients) - set(concerned)
    if what == "rotated":
        return "New content is sealed to the new keys alone. What was sealed before needs the former keys: keep them."
    if what == "drill-passed":
        return "The key opened what was freshly sealed to it: what is sealed to it can be read."
    if what == "drill-failed":
        return "The key did not open what was sealed to it. Treat it as lost until a drill passes."
    if what == "recovered":
        return "The key is at hand again; what is sealed to it can be read."
    if what == "compromise":
        return (
            "Whoever has the key and the sealed files can read what was sealed to it; sealing new content to another "
            "key does not take that back. Rotate the keys, and have it judged as a personal data breach."
        )
    if custody == "customer-held":
        if left:
            return (
                f"Nothing is lost: {len(left)} other key opens the same content. Rotate to two keys, for with the next "
                "loss everything would be lost."
                if len(left) == 1
                else f"Nothing is lost: {len(left)} other keys open the same content."
            )
        return (
            "What was sealed to these keys is lost for good: nobody else has a key, and no server can help. Name new "
            "keys, so that new content can be read."
        )
    if copies:
        return "Nothing is lost if the keyring is restored from its backup; until then nothing sealed can be opened."
    return (
        "What was sealed to these keys is lost for good, unless a backup of the keys directory and of the root key "
        "exists. Rotate the keys, so that new content can be read."
    )


def check_handler(*, kind: HandlerKind, name: str, country: str, does: str) -> None:
    """Raises AccessFormError for an entry of the handlers' register that tells too little."""
    if not 2 <= len(name.strip()) <= 200:
        raise AccessFormError("an entry needs a name", field="name", remedy="Name a role, company or medium.")
    if kind in ("subsidiary", "provider") and not re.fullmatch(r"[A-Z]{2}", country):
        raise AccessFormError(
            "a company needs its country", field="country", remedy="Two letters of ISO 3166, such as FR."
        )
    if not 3 <= len(does.strip()) <= MOST_TEXT:
        raise AccessFormError(
            "an entry says what is done with the data", field="does", remedy="One sentence is enough."
        )
