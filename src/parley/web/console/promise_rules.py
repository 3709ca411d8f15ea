"""What a row of the promises page says of its clause. Pure: the time is an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from parley.agreement.api import MECHANISMS, Clause
from parley.obligations.api import ClauseDuties
from parley.web.rules import Shape

SOON: Final = timedelta(days=14)
WORDS: Final = {
    "kept": _("kept"),
    "due": _("due"),
    "late": _("late"),
    "attested": _("attested"),
    "unattested": _("to attest"),
    "waits": _("waits"),
}
KINDS_OF_KEEPING: Final = {
    "gate": _("Gate"),
    "obligation": _("Obligation"),
    "control": _("Control"),
    "attestation": _("Attestation"),
    "offering": _("Offering"),
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a clause stands: `state` is a key of WORDS, `shape` its mark."""

    state: str
    shape: Shape

    @property
    def word(self) -> Any:
        return WORDS[self.state]


def standing(clause: Clause, duties: ClauseDuties, *, at: datetime) -> Standing:
    """What nothing keeps yet waits; else a late duty outweighs one that is due, and that one the rest."""
    if not clause.enforced_by:
        return Standing(state="waits", shape="idle")
    if duties.late:
        return Standing(state="late", shape="late")
    soon = duties.next_due is not None and duties.next_due - at <= SOON
    if all(MECHANISMS[name].kind == "attestation" for name in clause.enforced_by):
        if not duties.met:
            return Standing(state="unattested", shape="due")
        return Standing(state="attested", shape="due" if soon else "kept")
    if duties.due:
        return Standing(state="due", shape="due")
    return Standing(state="kept", shape="kept")


def worst(found: list[Standing]) -> Standing:
    """The standing of a subject: its worst clause; what waits counts only when nothing of it is kept yet."""
    order = {"late": 0, "due": 1, "kept": 2, "idle": 3}
    return min(found, key=lambda one: order[one.shape])
