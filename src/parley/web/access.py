"""Who may see a page: by default nobody who is not signed in."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from parley.people import api as people
from parley.recordings import api as recordings
from parley.web.place import Handler, in_api, inside
from parley.web.problems import Problem, answer, forbidden
from parley.web.public.limits import asker
from parley.web.rest import callers, limits

View = Callable[..., HttpResponse]
V = TypeVar("V", bound=View)

_PUBLIC: Final = "parley_public"
_ENROLLING: Final = "parley_enrolling"
SIGN_IN: Final = "sign_in"
"""Where a session keeps the id of its sign-in, when that was last written down as seen, and whether a second factor
must be set up before anything else."""
SEEN: Final = "seen"
ENROL: Final = "enrol"


def public(view: V) -> V:
    """Marks a view of a console that people see before they sign in."""
    setattr(view, _PUBLIC, True)
    return view


def enrolling(view: V) -> V:
    """Marks a view that whoever must still set up a second factor may see."""
    setattr(view, _ENROLLING, True)
    return view


def administers(view: View) -> View:
    """Shows a view to those who oversee; only administrators may send something to it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        viewer = inside(request).viewer
        if not viewer.oversees or (request.method == "POST" and viewer.role != "administrator"):
            return cast(HttpResponse, forbidden(request))
        return view(request, *args, **kwargs)

    return guarded


def sees_everything(view: View) -> View:
    """Allows a view to those only who see all calls: administrators and compliance officers."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not inside(request).viewer.oversees:
            return cast(HttpResponse, forbidden(request))
        return view(request, *args, **kwargs)

    return guarded


def may_delete(view: View) -> View:
    """Allows the view of one record (`store`, `record_id`) to those who oversee, and of a recording also to whoever
    may delete those that it sees."""

    @wraps(view)
    def guarded(request: HttpRequest, store: str, record_id: UUID) -> HttpResponse:
        viewer = inside(request).viewer
        if not viewer.oversees:
            if store != recordings.STORE.name or not viewer.may_delete:
                return cast(HttpResponse, forbidden(request))
            recordings.get(viewer, record_id)
        return view(request, store, record_id)

    return guarded


class SignedIn:
    """Asks for a sign-in before every view of a console that is not marked public; sets `person` and `viewer`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        limits.mark(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: View, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if not hasattr(request, "customer"):
            return None
        if callers.token(request):
            return _with_token(request)
        if not isinstance(request.user, AnonymousUser):
            here = inside(request)
            here.person = request.user
            here.viewer = people.viewer(request.user)
            _write_down_seen(request)
            if request.session.get(ENROL) and not (getattr(view, _ENROLLING, False) or getattr(view, _PUBLIC, False)):
                return _enrol_first(request)
            return None
        if getattr(view, _PUBLIC, False) or callers.open_to_all(request.path_info):
            return None
        if (caller := callers.person(request)) is not None:
            here = inside(request)
            here.person, here.viewer = caller, people.viewer(caller)
            return None
        if in_api(request.path_info):
            return _unknown_person(request)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401)
        return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}")


def _write_down_seen(request: HttpRequest) -> None:
    """Once in a while: the session is in use, and from where."""
    sign_in, now = request.session.get(SIGN_IN), timezone.now()
    if sign_in and now - datetime.fromisoformat(request.session[SEEN]) >= people.SEEN_EVERY:
        people.seen(UUID(sign_in), address=asker(request), at=now)
        request.session[SEEN] = now.isoformat()


def _enrol_first(request: HttpRequest) -> HttpResponse:
    if not in_api(request.path_info):
        return HttpResponseRedirect(reverse("account"))
    problem = Problem(
        status=403,
        error_id="web.second_factor_needed",
        what=_("This account needs a second factor first."),
        safe=_("Nothing was done."),
        remedy=_("Set one up on the page of your account."),
    )
    return answer(request, problem)


def _with_token(request: HttpRequest) -> HttpResponse | None:
    """Lets a token in, as often as tokens may ask; one that does not hold here is refused, whoever is signed in."""
    if callers.enter(request):
        bearer = callers.bearer_of(request)
        return limits.refusal(request, bearer.token_id) if bearer else None
    problem = Problem(
        status=401,
        error_id="web.token_unknown",
        what=_("This token does not hold here."),
        safe=_("Nothing was done."),
        remedy=_("It may be revoked or over, or be another customer's: make a new one in the console."),
    )
    response = answer(request, problem)
    response["WWW-Authenticate"] = 'Bearer realm="Parley", error="invalid_token"'
    return response


def _unknown_person(request: HttpRequest) -> HttpResponse:
    problem = Problem(
        status=401,
        error_id="web.sign_in_needed",
        what=_("Nobody is signed in."),
        safe=_("Nothing was done."),
        remedy=_("Send an API token, or sign in to this customer's console first; its session cookie counts here."),
    )
    response = answer(request, problem)
    response["WWW-Authenticate"] = 'Bearer realm="Parley", Session realm="Parley"'
    return response
