"""The words of contracts and instructions: what pages call purposes, measures, rules, states. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from parley.agreement.api import AREAS, PURPOSES, area_of
from parley.governance.instructions import api as instructions
from parley.web.rules import Shape

KINDS: Final[Mapping[str, Any]] = {
    "dpa": _("data processing agreement"),
    "policy": _("policy"),
    "terms": _("terms of service"),
}
HOW: Final[Mapping[str, Any]] = {"signed": _("signed"), "published": _("published")}
MEASURES: Final[Mapping[str, Any]] = {
    "adequacy": _("adequacy decision"),
    "bcr": _("binding corporate rules"),
    "scc": _("standard contractual clauses 2021/914"),
    "dedicated-site": _("site dedicated to this customer"),
}
CHOICES: Final[Mapping[str, Any]] = {"delete": _("delete the data"), "return": _("return the data, then delete it")}
RULES: Final[Mapping[str, Any]] = {
    "forbidden-purpose": _("forbidden purpose"),
    "transfer-without-measure": _("transfer without a measure"),
    "special-category-unsealed": _("special category without sealing"),
    "kept-too-long": _("kept for too long"),
    "citizens-elsewhere": _("hosted outside the citizens' country"),
    "recipient-uncertified": _("recipient without certificate"),
    "minors": _("minors"),
}
STATES: Final[Mapping[str, tuple[Any, Shape]]] = {
    "in-force": (_("in force"), "kept"),
    "suspended": (_("suspended"), "late"),
    "withdrawn": (_("withdrawn"), "idle"),
    "replaced": (_("replaced"), "idle"),
}
MISUSE_STATES: Final[Mapping[str, tuple[Any, Shape]]] = {
    "requested": (_("to be corrected"), "due"),
    "corrected": (_("corrected"), "kept"),
    "suspended": (_("service suspended"), "late"),
    "lifted": (_("suspension lifted"), "kept"),
}


def purpose_words(key: str) -> str:
    """What a purpose means: "receive, seal and keep a call of the customer"."""
    return PURPOSES[key].meaning if key in PURPOSES else key


def purposes() -> list[tuple[str, str]]:
    """Every purpose that can be instructed, with its meaning."""
    return [(key, purpose.meaning) for key, purpose in PURPOSES.items()]


def instruction_line(one: instructions.Instruction) -> dict[str, Any]:
    """One version of an instruction for a template."""
    word, shape = STATES[one.state]
    return {
        "view": one,
        "meaning": purpose_words(one.purpose),
        "word": word,
        "shape": shape,
        "findings": [(RULES[found.rule], found) for found in one.findings],
        "says": details_words(one.details),
        "confirmable": one.state == "suspended" and all(found.rule != "forbidden-purpose" for found in one.findings),
    }


def details_words(said: instructions.Details) -> list[tuple[Any, str]]:
    """What an instruction says beside its words, as pairs of name and value; what it does not say is left out."""
    pairs: list[tuple[Any, Any]] = [
        (_("Place"), _place(said.region)),
        (_("Recipient"), said.recipient),
        (_("Recipient is in"), _place(said.recipient_area)),
        (_("Categories"), ", ".join(sorted(said.categories))),
        (_("Kept for"), said.keep),
        (_("Kept after the end for"), said.keep_after_end),
        (_("Legal ground"), said.legal_ground),
        (_("Persons are in"), said.persons_in),
        (_("Citizens of"), ", ".join(sorted(said.citizens))),
        (_("Certified recipient"), _("yes") if said.certified else ""),
        (_("Content"), "" if said.sealed else _("not sealed")),
        (_("Minors"), _("yes") if said.minors else ""),
        (_("Guardians agreed"), _("yes") if said.guardians_agreed else ""),
    ]
    return [(name, str(value)) for name, value in pairs if value]


def _place(region: str) -> str:
    return AREAS.get(area_of(region), region)


def misuse_line(one: instructions.Misuse) -> dict[str, Any]:
    """One request to correct a misuse for a template."""
    word, shape = MISUSE_STATES[one.state]
    return {"view": one, "kind": instructions.MISUSES[one.kind], "word": word, "shape": shape}
