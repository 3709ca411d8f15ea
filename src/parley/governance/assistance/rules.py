"""High-risk detection after WP248 rev.01 (nine criteria; two or more: likely high risk), and what may happen when to a
disclosure, a complaint, a finding. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from parley.agreement.api import CATEGORIES, OFFERINGS, PURPOSES
from parley.governance.assistance.errors import AssistanceFormError, NotYet
from parley.governance.assistance.types import Processing, Residual, Risk, Sign

LIKELY_FROM: Final = 2
LARGE_SCALE: Final = 5000
"""Persons concerned from which we call it large: ours, WP248 names no number."""
MOST_TEXT: Final = 20000

CRITERIA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "scoring": "evaluation or scoring, profiling and predicting included",
        "automated-decisions": "automated decisions with legal or similarly significant effect",
        "monitoring": "systematic monitoring of people",
        "special-categories": "special categories of data, or data of a highly personal nature",
        "large-scale": "data processed on a large scale",
        "matching": "matching or combining sets of data",
        "vulnerable": "data of vulnerable people: children, patients, employees of the controller",
        "innovative": "an innovative use of technology",
        "prevents-rights": "people may be kept from exercising a right, or from using a service or contract",
    }
)
"""The nine criteria of WP248 rev.01, section III.B.a, in our words."""

QUESTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "description": "What is processed, of whom, by which means, and for what purpose?",
        "necessity": "Why is it necessary, and why is nothing less enough?",
        "basis": "On which legal basis, and how are people informed?",
        "risks": "What could happen to the people concerned, how likely and how severe?",
        "views": "What do the people concerned say, or those who speak for them, and the data-protection officer?",
    }
)
"""What an assessment contains (GDPR Art. 35(7) and (9)), as questions."""

_SPECIAL: Final = (
    "user.biometric", "user.health_and_medical", "user.criminal_history", "user.demographic.political_opinion",
    "user.demographic.race_ethnicity", "user.demographic.religious_belief", "user.demographic.sexual_orientation",
    "user.content.private", "user.financial", "user.location.precise",
)  # fmt: skip
_VULNERABLE: Final = frozenset({"employee", "patient", "job_applicant", "trainee", "next_of_kin"})
_OFFERINGS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "scoring": frozenset({"voice-analytics", "call-analytics", "audiences"}),
        "automated-decisions": frozenset({"agents"}),
        "monitoring": frozenset({"call-recording", "screen-recording", "call-analytics"}),
        "special-categories": frozenset({"voice-analytics"}),
        "matching": frozenset({"audiences"}),
        "innovative": frozenset({"voice-analytics", "agents"}),
    }
)
_PURPOSES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "scoring": frozenset({"provider-analysis", "share-audiences"}),
        "matching": frozenset({"share-audiences"}),
        "innovative": frozenset({"train-models"}),
    }
)


def assess(processing: Processing) -> Risk:
    """Which criteria hold for `processing`, each with what it was seen by, and whether high risk is likely."""
    signs = []
    for criterion in CRITERIA:
        reasons = list(_reasons(criterion, processing))
        if criterion in processing.declared:
            reasons.append("the customer says so")
        if reasons:
            signs.append(Sign(criterion=criterion, because="; ".join(reasons)))
    return Risk(signs=tuple(signs), likely_high=len(signs) >= LIKELY_FROM)


def _reasons(criterion: str, processing: Processing) -> Iterator[str]:
    if offerings := processing.offerings & _OFFERINGS.get(criterion, frozenset()):
        yield "offering: " + ", ".join(sorted(OFFERINGS.get(key, key) for key in offerings))
    if purposes := processing.purposes & _PURPOSES.get(criterion, frozenset()):
        yield "purpose: " + ", ".join(sorted(PURPOSES[key].meaning for key in purposes if key in PURPOSES))
    seen = _FURTHER.get(criterion)
    if seen and (because := seen(processing)):
        yield because


def _special(processing: Processing) -> str:
    found = sorted(key for key in processing.categories if any(_within(key, special) for special in _SPECIAL))
    return "category: " + ", ".join(CATEGORIES.get(key, key) for key in found) if found else ""


def _vulnerable(processing: Processing) -> str:
    found = sorted(processing.subjects & _VULNERABLE)
    if processing.minors or any(_within(key, "user.childrens") for key in processing.categories):
        found.append("children")
    return "people: " + ", ".join(found) if found else ""


def _large(processing: Processing) -> str:
    return f"{processing.people} people, from {LARGE_SCALE} on it is large" if processing.people >= LARGE_SCALE else ""


_FURTHER: Final[Mapping[str, Callable[[Processing], str]]] = MappingProxyType(
    {"special-categories": _special, "vulnerable": _vulnerable, "large-scale": _large}
)


def _within(key: str, parent: str) -> bool:
    return key == parent or key.startswith(parent + ".")


def check_assessment(
    *, answers: Mapping[str, str], measures: str, residual: Residual, consultation: str, finish: bool
) -> None:
    """Raises AssistanceFormError for an assessment that is too thin to be finished, or a consultation left out.

    High residual risk needs the authority to be consulted before processing (GDPR Art. 36(1)).
    """
    if any(len(text) > MOST_TEXT for text in (*answers.values(), measures, consultation)):
        raise AssistanceFormError("a text is too long", field="measures", remedy=f"At most {MOST_TEXT} characters.")
    if unknown := set(answers) - set(QUESTIONS):
        raise AssistanceFormError(f"no such question: {sorted(unknown)[0]}", field="answers")
    if not finish:
        return
    for question in QUESTIONS:
        if not answers.get(question, "").strip():
            raise AssistanceFormError(
                "a question has no answer yet", field=question, remedy="Answer it, or save without finishing."
            )
    if not measures.strip():
        raise AssistanceFormError(
            "no measures are named", field="measures", remedy="Say what keeps the risk down, and who does it."
        )
    if residual not in ("low", "medium", "high"):
        raise AssistanceFormError("the risk that remains is not judged", field="residual", remedy="Choose one.")
    if residual == "high" and not consultation.strip():
        raise AssistanceFormError(
            "high risk remains, and the authority was not consulted",
            field="consultation",
            remedy="Consult it before processing (GDPR Art. 36) and say when and with what result.",
        )


def hidden_from_customer(
    *, silence: str, silent_until: datetime | None, told_at: datetime | None, at: datetime
) -> bool:
    """Whether a law still forbids to tell the customer of a disclosure."""
    return told_at is None and bool(silence) and (silent_until is None or at < silent_until)


def check_disclosure(
    *, silence: str, silent_until: datetime | None, told_at: datetime | None, manifest: str, at: datetime
) -> None:
    """Raises NotYet unless the customer was told first or a law forbids it, and AssistanceFormError unless it is said
    what is handed over."""
    if (told_at is None or told_at > at) and not hidden_from_customer(
        silence=silence, silent_until=silent_until, told_at=told_at, at=at
    ):
        raise NotYet(
            "the customer has not been told",
            remedy="Tell it first; only a law that forbids it on important grounds of public interest excuses silence.",
        )
    if len(manifest.strip()) < 5:
        raise AssistanceFormError(
            "it is not said what is handed over", field="manifest", remedy="Name kinds and counts: 3 recordings, ..."
        )
