"""Audits in words: causes, states, severities, and what happened in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from parley.governance.audits import api as audits
from parley.web.filled import Filled
from parley.web.rules import Shape

CAUSES: Final[Mapping[audits.Cause, Any]] = {
    "none": _("no particular cause"),
    "suspicion": _("cause to believe that the agreement is not kept"),
    "incident": _("an incident"),
    "authority": _("an authority's instruction"),
}
STATES: Final[Mapping[audits.State, tuple[Any, Shape]]] = {
    "refused": (_("refused"), "late"),
    "asked": (_("granted, awaits an answer"), "due"),
    "agreed": (_("date agreed"), "idle"),
    "held": (_("held, awaits the report"), "due"),
    "reported": (_("findings open"), "due"),
    "closed": (_("closed"), "kept"),
    "withdrawn": (_("withdrawn"), "idle"),
}
SEVERITIES: Final[Mapping[audits.Severity, Any]] = {
    "observation": _("observation"),
    "minor": _("minor"),
    "major": _("major"),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened to a request."""

    at: datetime
    what: str
    more: str = ""
    bad: bool = False


def story(found: audits.AuditView) -> list[Step]:
    """What happened, in order."""
    decision = found.decision
    steps = [
        Step(at=found.asked_at, what=_t("Asked for"), more=str(CAUSES[found.cause])),
        Step(
            at=found.asked_at,
            what=_t("Granted") if decision.granted else _t("Refused"),
            more=f"{decision.why} ({decision.clause})",
            bad=not decision.granted,
        ),
    ]
    if found.answered_at:
        steps.append(Step(at=found.answered_at, what=_t("Answered by the provider"), more=found.answer))
    if found.held_at:
        steps.append(Step(at=found.held_at, what=_t("Held")))
    if found.reported_at:
        steps.append(Step(at=found.reported_at, what=_t("Reported"), more=found.report))
    steps += [
        Step(at=one.remedied_at, what=_t("Finding remedied"), more=f"{one.statement} → {one.remedy}")
        for one in found.findings
        if one.remedied_at
    ]
    return steps


def read_findings(filled: Filled, most: int) -> list[tuple[audits.Severity, str]]:
    """The findings of a report's form: those lines that say something."""
    return [
        (cast(audits.Severity, filled.choice(f"severity-{number}", audits.SEVERITIES)), statement)
        for number in range(1, most + 1)
        if (statement := filled.text(f"finding-{number}", needed=False))
    ]
