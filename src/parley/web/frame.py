"""What every page of a console shows around its content."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from parley.web.place import inside


@dataclass(frozen=True, kw_only=True)
class Place:
    """Somewhere that the rail leads to: `key` names its icon and tells which place is the present one."""

    key: str
    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The rail and the palette of one console for one person."""

    home: str
    places: tuple[Place, ...]
    sign_out: str
    search: str


def frame(request: HttpRequest) -> dict[str, Any]:
    """Template variables `customer`, `user`, `viewer` and `frame`; nothing outside a console or before signing in."""
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
        "frame": _provider_frame() if provider else _console_frame(sees_all=here.viewer.number_indexes is None),
    }


def _console_frame(*, sees_all: bool) -> Frame:
    places = [
        Place(key="home", name=_("Home"), url=reverse("home")),
        Place(key="recordings", name=_("Recordings"), url=reverse("recordings")),
        Place(key="live", name=_("Live"), url=reverse("live")),
        Place(key="agreement", name=_("Agreement"), url=reverse("agreement")),
    ]
    if sees_all:
        places.append(Place(key="audit", name=_("Audit trail"), url=reverse("audit")))
    return Frame(home=reverse("home"), places=tuple(places), sign_out=reverse("sign-out"), search=reverse("recordings"))


def _provider_frame() -> Frame:
    home = reverse("customers")
    places = (Place(key="customers", name=_("Customers"), url=home),)
    return Frame(home=home, places=places, sign_out=reverse("sign-out"), search="")
