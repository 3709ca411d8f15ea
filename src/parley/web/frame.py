"""What every page of a console shows around its content."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from parley.governance.access import api as access
from parley.recordings import api as recordings
from parley.retention import api as retention
from parley.web.place import ConsoleRequest, inside


@dataclass(frozen=True, kw_only=True)
class Place:
    """Somewhere that the rail leads to: `key` names its icon and tells which place is the present one; `count` is what
    waits there."""

    key: str
    name: str
    url: str
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """Places under one heading. The first group of a rail has none, and is the bottom bar of a telephone.

    `folds`: only the group of the present place is open; opening another closes it.
    """

    heading: str
    places: tuple[Place, ...]
    folds: bool = False


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The rail and the palette of one console for one person."""

    home: str
    groups: tuple[Group, ...]
    sign_out: str
    search: str


def frame(request: HttpRequest) -> dict[str, Any]:
    """Template variables `customer`, `user`, `viewer`, `frame`, and `watching`: the access by the
    provider's staff that runs now. Nothing outside a console or before signing in."""
    person = getattr(request, "person", None)
    if not hasattr(request, "customer"):
        return {}
    here = inside(request)
    if person is None:
        return {"customer": here.customer}
    provider = here.customer.kind == "provider"
    return {
        "customer": here.customer,
        "user": person,
        "viewer": getattr(request, "viewer", None),
        "frame": _provider_frame() if provider else _console_frame(here),
        "watching": [] if provider else access.running(at=timezone.now()),
    }


def _console_frame(here: ConsoleRequest) -> Frame:
    sees_all = here.viewer.oversees
    daily = [
        Place(key="home", name=_("Home"), url=reverse("home")),
        Place(key="recordings", name=_("Recordings"), url=reverse("recordings")),
        *_deletions(here),
        Place(key="live", name=_("Live"), url=reverse("live")),
        Place(key="contacts", name=_("Contacts"), url=reverse("contacts")),
        Place(key="promises", name=_("Promises"), url=reverse("promises")),
    ]
    settings = [
        *(_settings_of_all() if sees_all else ()),
        _account(),
    ]
    return Frame(
        home=reverse("home"),
        groups=_groups(("", daily), *(_oversight() if sees_all else ()), (_("Settings"), settings), folds=True),
        sign_out=reverse("sign-out"),
        search=reverse("recordings"),
    )


def _deletions(here: ConsoleRequest) -> tuple[Place, ...]:
    """Requests for deletions, for who may decide them, where the customer's rule asks for a second person."""
    if not here.viewer.may_delete or not recordings.deletions.rule().second:
        return ()
    count = retention.count_waiting(recordings.STORE.name, at=timezone.now())
    return (Place(key="deletions", name=_("Deletions"), url=reverse("recordings-deletions"), count=count),)


def _oversight() -> tuple[tuple[str, list[Place]], ...]:
    """What those see who see everything, in sections of at most six: one open section fits a screen of 800 px."""
    persons = [
        Place(key="rights", name=_("Rights"), url=reverse("rights")),
        Place(key="retention", name=_("Retention & holds"), url=reverse("retention")),
        Place(key="inventory", name=_("Inventory"), url=reverse("inventory")),
        Place(key="exports", name=_("Exports"), url=reverse("exports")),
        Place(key="backups", name=_("Backups"), url=reverse("backups")),
        Place(key="storage", name=_("Storage"), url=reverse("storage")),
    ]
    agreement = [
        Place(key="contract", name=_("Contract"), url=reverse("contract")),
        Place(key="obligations", name=_("Obligations"), url=reverse("obligations")),
        Place(key="instructions", name=_("Instructions"), url=reverse("instructions")),
        Place(key="subprocessors", name=_("Sub-processors"), url=reverse("subprocessors")),
        Place(key="lifecycle", name=_("Life-cycle"), url=reverse("lifecycle")),
        Place(key="rehearsal", name=_("Rehearsal"), url=reverse("rehearsal")),
    ]
    assurance = [
        Place(key="audit", name=_("Audit trail"), url=reverse("audit")),
        Place(key="incidents", name=_("Incidents"), url=reverse("incidents")),
        Place(key="audits", name=_("Audits"), url=reverse("audits")),
        Place(key="attestations", name=_("Attestations"), url=reverse("attestations")),
        Place(key="access", name=_("Staff access"), url=reverse("staff-access")),
        Place(key="assistance", name=_("Assistance"), url=reverse("assistance")),
    ]
    return (_("Persons and data"), persons), (_("Agreement"), agreement), (_("Assurance"), assurance)


def _provider_frame() -> Frame:
    home = reverse("customers")
    daily = [
        Place(key="customers", name=_("Customers"), url=home),
        Place(key="calendar", name=_("Calendar"), url=reverse("calendar")),
        Place(key="departures", name=_("Departures"), url=reverse("departures")),
    ]
    oversight = [
        Place(key="rights", name=_("Rights"), url=reverse("rights")),
        Place(key="subprocessors", name=_("Sub-processors"), url=reverse("subprocessors")),
        Place(key="incidents", name=_("Incidents"), url=reverse("incidents")),
        Place(key="audits", name=_("Audits"), url=reverse("audits")),
        Place(key="attestations", name=_("Attestations"), url=reverse("attestations")),
        Place(key="access", name=_("Access"), url=reverse("access-docket")),
        Place(key="assistance", name=_("Assistance"), url=reverse("assistance-docket")),
        Place(key="rehearsal", name=_("Rehearsal"), url=reverse("rehearsal")),
    ]
    return Frame(
        home=home, groups=_groups(("", daily), (_("Oversight"), oversight), (_("Settings"), [_account()])),
        sign_out=reverse("sign-out"), search="",
    )  # fmt: skip


def _settings_of_all() -> tuple[Place, ...]:
    return (
        Place(key="people", name=_("People"), url=reverse("people")),
        Place(key="integrations", name=_("Integrations"), url=reverse("webhooks")),
    )


def _account() -> Place:
    return Place(key="account", name=_("Your account"), url=reverse("account"))


def _groups(*groups: tuple[str, list[Place]], folds: bool = False) -> tuple[Group, ...]:
    """Those of `groups` (heading, places) that have places."""
    return tuple(Group(heading=heading, places=tuple(places), folds=folds) for heading, places in groups if places)
