"""The form that declares an incident: what can be chosen, and what was."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from parley.agreement.api import AREAS, OFFERINGS
from parley.governance.incidents import api as incidents
from parley.inventory import api as inventory
from parley.tenancy import api as tenancy
from parley.web.filled import Filled


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What was filled in, as the values of a declaration."""

    incident_id: UUID
    title: str
    kind: str
    known_at: datetime
    knowledge: incidents.Knowledge
    contact: incidents.ContactPoint
    criteria: incidents.Criteria

    def _values(self) -> dict[str, Any]:
        return {
            "title": self.title, "kind": self.kind, "known_at": self.known_at, "knowledge": self.knowledge,
            "contact": self.contact, "criteria": self.criteria,
        }  # fmt: skip

    def check(self, *, now: datetime) -> None:
        """Raises IncidentRefused for what could not be declared."""
        incidents.check_declaration(
            title=self.title, kind=self.kind, known_at=self.known_at, now=now, knowledge=self.knowledge,
            contact=self.contact,
        )  # fmt: skip

    def declare(self, *, by: UUID, at: datetime, register_only: str) -> UUID:
        """Declare it; its id. Raises IncidentRefused."""
        return incidents.declare(
            **self._values(), by=by, at=at, register_only=register_only, incident_id=self.incident_id
        )

    def preview(self, *, customer_id: UUID, at: datetime) -> incidents.Written:
        """The first notice as this customer would get it."""
        return incidents.preview(**self._values(), customer_id=customer_id, at=at, incident_id=self.incident_id)


def read(request: HttpRequest, filled: Filled, *, zone: str) -> Declared | None:
    """What was filled in; None when something is wrong, which `filled.wrong` then says."""
    known_at = filled.moment("known_at", zone=zone, clock="known_clock")
    since = filled.moment("since", zone=zone) if filled.values.get("since") else None
    until = filled.moment("until", zone=zone) if filled.values.get("until") else None
    knowledge = incidents.Knowledge(
        nature=filled.text("nature"),
        consequences=filled.text("consequences"),
        measures=filled.text("measures"),
        unknown=filled.text("unknown", needed=False),
    )
    contact = incidents.ContactPoint(
        name=filled.text("contact_name", most=200),
        email=filled.text("contact_email", most=200),
        phone=filled.text("contact_phone", needed=False, most=50),
    )
    title, kind = filled.text("title", most=120), filled.choice("kind", incidents.KINDS)
    offering = filled.choice("offering", (inventory.EVERYTHING, *OFFERINGS))
    handles = filled.text("customers", needed=False).replace(",", " ").split()
    try:
        identifier = UUID(filled.values.get("incident", ""))
    except ValueError:
        filled.wrong["title"] = "This form is out of date: open it anew."
        return None
    if filled.wrong or known_at is None:
        return None
    return Declared(
        incident_id=identifier,
        title=title,
        kind=kind,
        known_at=known_at,
        knowledge=knowledge,
        contact=contact,
        criteria=incidents.Criteria(
            offering=offering,
            since=since,
            until=until + timedelta(days=1) if until else None,  # the last day counts whole
            regions=tuple(one for one in request.POST.getlist("regions") if one in AREAS),
            categories=tuple(one for one in request.POST.getlist("categories") if one in _categories()),
            recipient=filled.text("recipient", needed=False, most=100),
            customers=tuple(dict.fromkeys(handles)),
        ),
    )


def choices() -> dict[str, Any]:
    """What the form offers to choose from: only what exists here."""
    everybody = tenancy.customers()
    areas = sorted({one.region.partition("-")[0] for one in everybody})
    return {
        "kinds": incidents.KINDS,
        "offerings": {one: OFFERINGS[one] for one in sorted(_offerings())},
        "areas": [(area, AREAS.get(area, area)) for area in areas],
        "recipients": sorted({key for one in everybody for key in one.standing.recipients}),
        "category_words": _categories(),
    }


@cache
def _offerings() -> frozenset[str]:
    """The offerings whose data can be counted."""
    return frozenset(one.offering for one in inventory.installed("CENSUS") if one.offering in OFFERINGS)


@cache
def _categories() -> dict[str, str]:
    """The categories of what can be counted for an offering, with their words."""
    models = {one.model for one in inventory.installed("CENSUS")}
    declared = inventory.personal(inventory.installed("DECLARATIONS"))
    found = sorted({one.category for one in declared if one.model in models})
    return {one: incidents.category_words(one) for one in found}
