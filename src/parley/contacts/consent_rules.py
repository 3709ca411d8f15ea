"""May somebody be contacted? Pure: facts in, one decision out, that names its clause.

The order is fixed, so that the same refusal always has the same reason: objection (GDPR Art. 21(3): no exception for
direct marketing), minors, the agreement, the partner, consent (GDPR Art. 6(1)(a), ePrivacy Art. 13).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from parley.contacts.types import ContactDecision

MARKETING: Final = "marketing"
EVERYTHING: Final = "*"
OBJECTION_CLAUSE: Final = "GDPR Art. 21"
CONSENT_CLAUSE: Final = "GDPR Art. 7"

Right = Literal["never", "as-controller", "with-consent", "instructed"]
"""What the agreement lets: nothing; writing as a controller of its own until somebody objects; with consent only; the
customer's own campaigns, as it instructed, which need consent too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known. `objections` are those that reach this purpose and channel, as words ("unsubscribed"); `consents`
    the partners of those that hold ("" for the customer itself); `minor_refusal` is the gate's, "" when it allows."""

    purpose: str
    objections: Sequence[str] = ()
    minor_refusal: str = ""
    minor_clause: str = ""
    right: Right = "instructed"
    right_clause: str = ""
    right_reason: str = ""
    partner: str = ""
    partner_listed: bool = False
    consents: frozenset[str] = frozenset()


def decide(facts: Facts) -> ContactDecision:
    """The decision, with what decided it."""
    clause = facts.right_clause
    if facts.objections:
        return _no(
            OBJECTION_CLAUSE,
            f"the person is on the objection list ({facts.objections[0]})",
            "leave the person out; only the person can lift it",
        )
    if facts.minor_refusal:
        return _no(facts.minor_clause, facts.minor_refusal, "leave the person out; a guardian may ask")
    if facts.right == "never":
        return _no(clause, facts.right_reason or "the agreement lets nobody write for this", "sign another agreement")
    if facts.partner:
        return _partner(facts)
    if facts.right == "as-controller" or "" in facts.consents:
        return ContactDecision(allowed=True, clause=clause, reason=_why(facts))
    return _no(
        clause or CONSENT_CLAUSE,
        f'there is no consent to "{facts.purpose}" by this channel',
        "ask for consent, and write down when and how it was given",
    )


def _partner(facts: Facts) -> ContactDecision:
    if not facts.partner_listed:
        return _no(facts.right_clause, f'"{facts.partner}" is not on the list of partners', "list the partner first")
    if facts.partner not in facts.consents:
        return _no(
            facts.right_clause or CONSENT_CLAUSE,
            f'the person has not agreed that "{facts.partner}" receives its data',
            "ask for consent to this very partner",
        )
    return ContactDecision(allowed=True, clause=facts.right_clause, reason="consent to this partner")


def _why(facts: Facts) -> str:
    return "consent" if "" in facts.consents else "no objection, and the agreement lets the provider write"


def _no(clause: str, reason: str, remedy: str) -> ContactDecision:
    return ContactDecision(allowed=False, clause=clause, reason=reason, remedy=remedy)
