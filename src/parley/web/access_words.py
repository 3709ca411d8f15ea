"""Words and shapes for staff access, reviews, keys, assistance: facts are tables."""

from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from parley.foundation.errors import ParleyError
from parley.web.rules import Shape

ACCESS: Final[dict[str, tuple[Any, Shape]]] = {
    "asked": (_("waits for consent"), "due"),
    "active": (_("running"), "late"),
    "refused": (_("refused"), "idle"),
    "withdrawn": (_("withdrawn"), "idle"),
    "lapsed": (_("lapsed, no answer"), "idle"),
    "ended": (_("ended"), "kept"),
}
ENDED_BY: Final = {"time": _("by itself"), "customer": _("by the customer"), "provider": _("by the provider")}
KEY_EVENTS: Final[dict[str, tuple[Any, Shape]]] = {
    "rotated": (_("keys rotated"), "kept"),
    "loss": (_("loss declared"), "late"),
    "compromise": (_("in other hands"), "late"),
    "drill-passed": (_("drill passed"), "kept"),
    "drill-failed": (_("drill failed"), "late"),
    "recovered": (_("key recovered"), "kept"),
}
HANDLERS: Final = {
    "employees": _("Employees, by role"),
    "subsidiary": _("Subsidiaries"),
    "provider": _("Providers"),
    "medium": _("Paper and removable media"),
}
ASSESSMENTS: Final[dict[str, tuple[Any, Shape]]] = {
    "needed": (_("to be assessed"), "due"),
    "begun": (_("begun"), "due"),
    "finished": (_("finished"), "kept"),
    "not-needed": (_("not needed, by your word"), "idle"),
}
DISCLOSURES: Final[dict[str, tuple[Any, Shape]]] = {
    "received": (_("demand received"), "due"),
    "told": (_("you were told"), "due"),
    "disclosed": (_("handed over"), "late"),
    "refused": (_("refused"), "kept"),
}
ASKERS: Final = {
    "authority": _("an authority"),
    "court": _("a court"),
    "claimant": _("a rightful claimant"),
    "provider": _("a provider"),
    "acquirer": _("an acquirer (sale or merger)"),
}
COMPLAINTS: Final[dict[str, tuple[Any, Shape]]] = {
    "received": (_("received"), "due"),
    "forwarded": (_("passed on"), "due"),
    "answered": (_("answered"), "kept"),
    "closed": (_("closed"), "kept"),
}
SOURCES: Final = {"person": _("a person"), "customer": _("the customer"), "authority": _("an authority")}
FINDINGS: Final[dict[str, tuple[Any, Shape]]] = {
    "found": (_("found"), "late"),
    "informed": (_("customer informed"), "due"),
    "corrected": (_("corrected"), "kept"),
}
RESIDUAL: Final = {"low": _("low"), "medium": _("medium"), "high": _("high")}


def state(table: dict[str, tuple[Any, Shape]], key: str) -> dict[str, Any]:
    """A state as templates show it: word and shape."""
    word, shape = table[key]
    return {"word": word, "shape": shape}


def wrong_of(error: ParleyError) -> dict[str, str]:
    """What is wrong, by field, of an error that names one."""
    said = str(error.args[0])
    return {str(getattr(error, "field", "")): f"{said[:1].upper()}{said[1:]}. {error.remedy}".strip()}


def day(value: datetime) -> str:
    """A day as a form's date field wants it."""
    return value.date().isoformat()
