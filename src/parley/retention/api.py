"""What other packages may use of retention, for the customer in scope.

`dispose` is the one way in which records go: it asks `decide` for each, and fails closed; `dispose_free` leaves what
the object store keeps by write-once, and disposes of the others. `require_usable`, `held` and `restricted` are asked
before a record is used. `replay` makes a restored backup forget what was erased, `replay_notes` makes it know the holds
and restrictions that it is too old for.

done = dispose(records, cause="request", reference="R-17", at=now, by=user_id, clause=term.clause)
done.erased.records, done.kept[0].verdict.reason, done.restricted
"""

from collections.abc import Callable, Mapping

from parley.obligations.api import Handler
from parley.retention import approving, deletion, holding
from parley.retention.approving import (
    approve_deletion,
    ask_deletion,
    count_waiting,
    deletion_begun,
    deletion_rule,
    deletions,
    refuse_deletion,
    require_approval,
    set_deletion_rule,
)
from parley.retention.approving import deletion as deletion_request
from parley.retention.bearing import Unread
from parley.retention.disposal import dispose, dispose_free, ids_hash, require_answered, verdicts
from parley.retention.errors import (
    ApprovalRefused,
    ApprovalRequired,
    ErasureIncomplete,
    HoldRefused,
    NoSuchDeletion,
    NoSuchHold,
    RetentionError,
    RuleRefused,
    UseRestricted,
)
from parley.retention.holding import held, holds, lift_hold, look, looks, place_hold, reached, review_hold, stand_again
from parley.retention.holding import hold_of as hold
from parley.retention.keeping import LONGEST, kept_by_law, laws_on, limits, preview, rule, rules, set_rule
from parley.retention.laws import declare_law, declared, floors, law_history, withdraw_law
from parley.retention.nights import expect_night, next_night, progress_key
from parley.retention.remembering import forget_notes, reconcile_notes, replay_notes
from parley.retention.restricting import (
    asking_whether_any_rests,
    require_usable,
    restrict,
    restricted,
    restrictions,
    unrestrict,
)
from parley.retention.rules import decide
from parley.retention.tombstones import forget_tombstones, reconcile, replay, tombstones
from parley.retention.types import (
    CAUSES,
    OUTCOMES,
    Binds,
    Cause,
    DeclaredLaw,
    DeletionRuleView,
    DeletionView,
    Disposal,
    Facts,
    HoldFact,
    HoldView,
    Kept,
    Law,
    LawFact,
    Limit,
    Limits,
    Outcome,
    Preview,
    RestrictionFact,
    RestrictionView,
    Rule,
    Tombstone,
    Verdict,
)

FLOORS: Mapping[str, Law] = floors()
"""The laws that are known, by key. None binds before it is declared."""


def handlers(remind: Callable[[HoldView], None] = lambda _hold: None) -> Mapping[str, Handler]:
    """What the worker does for this package, by the kind of its deadline. `remind` is told of holds due for review."""
    return {**approving.handlers(), **deletion.handlers(), **holding.handlers(remind)}


def long_handlers() -> Mapping[str, Handler]:
    """The long work of this package, by the kind of its deadline."""
    return deletion.long_handlers()


__all__ = [
    "CAUSES",
    "FLOORS",
    "LONGEST",
    "OUTCOMES",
    "ApprovalRefused",
    "ApprovalRequired",
    "Binds",
    "Cause",
    "DeclaredLaw",
    "DeletionRuleView",
    "DeletionView",
    "Disposal",
    "ErasureIncomplete",
    "Facts",
    "HoldFact",
    "HoldRefused",
    "HoldView",
    "Kept",
    "Law",
    "LawFact",
    "Limit",
    "Limits",
    "NoSuchDeletion",
    "NoSuchHold",
    "Outcome",
    "Preview",
    "RestrictionFact",
    "RestrictionView",
    "RetentionError",
    "Rule",
    "RuleRefused",
    "Tombstone",
    "Unread",
    "UseRestricted",
    "Verdict",
    "approve_deletion",
    "ask_deletion",
    "asking_whether_any_rests",
    "count_waiting",
    "decide",
    "declare_law",
    "declared",
    "deletion_begun",
    "deletion_request",
    "deletion_rule",
    "deletions",
    "dispose",
    "dispose_free",
    "expect_night",
    "floors",
    "forget_notes",
    "forget_tombstones",
    "handlers",
    "held",
    "hold",
    "holds",
    "ids_hash",
    "kept_by_law",
    "law_history",
    "laws_on",
    "lift_hold",
    "limits",
    "long_handlers",
    "look",
    "looks",
    "next_night",
    "place_hold",
    "preview",
    "progress_key",
    "reached",
    "reconcile",
    "reconcile_notes",
    "refuse_deletion",
    "replay",
    "replay_notes",
    "require_answered",
    "require_approval",
    "require_usable",
    "restrict",
    "restricted",
    "restrictions",
    "review_hold",
    "rule",
    "rules",
    "set_deletion_rule",
    "set_rule",
    "stand_again",
    "tombstones",
    "unrestrict",
    "verdicts",
    "withdraw_law",
]
