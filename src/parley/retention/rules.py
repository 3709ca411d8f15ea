"""The one function in which retention rule, law, hold, restriction, request and end of contract meet. Pure.

What it promises, whatever meets: there is an answer; a hold, a law or a restriction that comes to it never turns
"stays" into "goes"; after the end of the contract only what binds the provider itself keeps anything; the answer names
the clause, law or hold that decides.
"""

import hashlib
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from parley.retention.types import Facts, HoldFact, LawFact, RestrictionFact, Verdict

ERASURE: Final = "GDPR Art. 17(1)"
KEPT_FROM_ERASURE: Final = "GDPR Art. 17(3)"
RESTRICTION: Final = "GDPR Art. 18(2)"


def ids_digest(records: Iterable[tuple[str, UUID]]) -> str:
    """SHA-256, in hex, over the sorted lines "store/id" LF: what evidence of a deletion commits to."""
    return hashlib.sha256("".join(sorted(f"{store}/{one}\n" for store, one in records)).encode()).hexdigest()


def decide(facts: Facts) -> Verdict:
    """What becomes of one record: erase, restrict (kept, refused to use) or keep, and what decides."""
    hold = _strongest_hold(facts)
    if hold is not None:
        return _by_hold(facts, hold)
    law = _longest_law(facts)
    if law is not None:
        return _by_law(facts, law)
    if facts.cause == "end":
        clause = facts.clause or facts.retention_clause
        return Verdict(outcome="erase", clause_or_law=clause, reason="the contract has ended", why="end")
    restriction = _others_restriction(facts)
    if restriction is not None:
        return _by_restriction(facts, restriction)
    return _by_cause(facts)


def _strongest_hold(facts: Facts) -> HoldFact | None:
    """The hold that is named: one that binds the provider before others; after the end no other counts."""
    holds = sorted(facts.holds, key=lambda one: (one.binds != "provider", one.id))
    return next((one for one in holds if facts.cause != "end" or one.binds == "provider"), None)


def _longest_law(facts: Facts) -> LawFact | None:
    laws = [one for one in facts.laws if one.until > facts.at and (facts.cause != "end" or one.binds == "provider")]
    return max(laws, key=lambda one: (one.until, one.key), default=None)


def _others_restriction(facts: Facts) -> RestrictionFact | None:
    """A restriction that somebody else than this deed asked for: what this deed restricted itself does not stop it."""
    others = [one for one in facts.restrictions if not facts.reference or one.reference != facts.reference]
    return min(others, key=lambda one: one.reference, default=None)


def _by_hold(facts: Facts, hold: HoldFact) -> Verdict:
    return Verdict(
        outcome="restrict" if facts.cause == "request" else "keep",
        clause_or_law=KEPT_FROM_ERASURE if facts.cause == "request" else hold.ground,
        reason=f"a hold keeps it: {hold.ground}",
        why="hold",
        hold=hold.id,
    )


def _by_law(facts: Facts, law: LawFact) -> Verdict:
    return Verdict(
        outcome="restrict" if facts.cause == "request" else "keep",
        clause_or_law=law.name,
        reason=f"{law.name} keeps it until {law.until:%d %B %Y}",
        why="law",
        until=law.until,
    )


def _by_restriction(facts: Facts, restriction: RestrictionFact) -> Verdict:
    return Verdict(
        outcome="restrict" if facts.cause == "request" else "keep",
        clause_or_law=RESTRICTION,
        reason=f"its use is restricted: {restriction.ground}",
        why="restriction",
    )


def _by_cause(facts: Facts) -> Verdict:
    """Nothing stands against it: what the deed itself rests on."""
    if facts.cause == "request":
        return Verdict(
            outcome="erase", clause_or_law=facts.clause or ERASURE, reason="the person asked for it", why="request"
        )
    if facts.cause == "rule":
        return _by_rule(facts)
    if not facts.delete_any_time and (facts.rule_ends is None or facts.rule_ends > facts.at):
        return Verdict(
            outcome="keep", clause_or_law=facts.retention_clause, reason="the agreement lets nobody delete it earlier",
            why="term", until=facts.rule_ends,
        )  # fmt: skip
    return Verdict(
        outcome="erase", clause_or_law=facts.clause or facts.retention_clause, reason="the customer deletes it",
        why="customer",
    )  # fmt: skip


def _by_rule(facts: Facts) -> Verdict:
    if facts.rule_ends is None:
        return Verdict(
            outcome="keep", clause_or_law=facts.retention_clause, reason="no rule says how long it is kept",
            why="no-rule",
        )  # fmt: skip
    if facts.rule_ends > facts.at:
        return Verdict(
            outcome="keep", clause_or_law=facts.retention_clause,
            reason=f"the rule keeps it until {facts.rule_ends:%d %B %Y}", why="rule", until=facts.rule_ends,
        )  # fmt: skip
    return Verdict(
        outcome="erase", clause_or_law=facts.retention_clause, reason="the time that the rule gives is over", why="rule"
    )
