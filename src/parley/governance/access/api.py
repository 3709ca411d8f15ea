"""What other packages may use of access.

`ask_access` by the provider's staff, `consent`, `refuse` and `end` by the customer, `look` before anything is shown;
`hold_review` for accounts; `rotate_keys`, `declare`, `drill`, `challenge` and `answer` for keys; `enter_handler` for
the register of who handles data. All but the docket and that register work for the customer in scope.
"""

from parley.governance.access.errors import AccessError, AccessFormError, AccessRefused, NoSuchAccess, WrongMoment
from parley.governance.access.handlers_register import CLAUSES as HANDLER_CLAUSES
from parley.governance.access.handlers_register import close_handler, enter_handler, handlers_register
from parley.governance.access.jobs import handlers
from parley.governance.access.keys import (
    answer,
    challenge,
    challenges,
    declare,
    drill,
    former_keys,
    key_events,
    last_rotation,
    rotate_keys,
    sealed_word,
)
from parley.governance.access.requests import (
    SUPPORT_ACCESS,
    ask_access,
    consent,
    current_grant,
    docket,
    end,
    get,
    history,
    look,
    refuse,
    running,
    term,
    waiting,
    withdraw,
)
from parley.governance.access.reviews import expect_reviews, hold_review, last_staff_review, reviews
from parley.governance.access.rules import REVIEW_EVERY, sleeping
from parley.governance.access.types import (
    AccessView,
    Account,
    ChallengeView,
    DocketLine,
    HandlerView,
    Judgement,
    KeyEventView,
    KeyHappening,
    ReviewView,
)

__all__ = [
    "HANDLER_CLAUSES",
    "REVIEW_EVERY",
    "SUPPORT_ACCESS",
    "AccessError",
    "AccessFormError",
    "AccessRefused",
    "AccessView",
    "Account",
    "ChallengeView",
    "DocketLine",
    "HandlerView",
    "Judgement",
    "KeyEventView",
    "KeyHappening",
    "NoSuchAccess",
    "ReviewView",
    "WrongMoment",
    "answer",
    "ask_access",
    "challenge",
    "challenges",
    "close_handler",
    "consent",
    "current_grant",
    "declare",
    "docket",
    "drill",
    "end",
    "enter_handler",
    "expect_reviews",
    "former_keys",
    "get",
    "handlers",
    "handlers_register",
    "history",
    "hold_review",
    "key_events",
    "last_rotation",
    "last_staff_review",
    "look",
    "refuse",
    "reviews",
    "rotate_keys",
    "running",
    "sealed_word",
    "sleeping",
    "term",
    "waiting",
    "withdraw",
]
