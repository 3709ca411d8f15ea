"""The customer's people: who there is, one of them, groups, what holds for all, who is signed in."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.people import api as people
from parley.recordings import api as recordings
from parley.web import people_words as words
from parley.web import rules
from parley.web.access import administers, sees_everything
from parley.web.filled import Filled
from parley.web.place import inside
from parley.web.problems import forbidden

PAGE_ROWS: Final = 50
ROLES: Final = [(role, rules.ROLES[role]) for role in people.ROLES if role != "operator"]
_STATES: Final = {"open": True, "closed": False, "all": None}


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The people, as the address says."""
    asked = request.GET
    state = asked.get("state", "open") if asked.get("state") in _STATES else "open"
    page = people.find(
        asked.get("q", "")[:200],
        role=next((role for role in people.ROLES if role == asked.get("role")), None),
        group=as_id(asked.get("group", "")),
        active=_STATES[state],
        after=as_id(asked.get("after", "")),
        limit=PAGE_ROWS,
    )
    kept = {name: asked[name] for name in ("q", "role", "group", "state") if asked.get(name)}
    context = {
        "here": "people", "page": page, "roles": ROLES, "groups": people.groups(), "state": state, "asked": asked,
        "filtered": bool(kept), "older": bool(asked.get("after")), "query": urlencode(kept),
        "next": urlencode({**kept, "after": str(page.after)}) if page.after else "",
        "levels": words.LEVELS, "may_change": inside(request).viewer.role == "administrator",
    }  # fmt: skip
    return render(request, "web/console/people/list.html", context)


@administers
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """One more person, invited by mail."""
    here, filled = inside(request), Filled(request.POST.dict())
    if request.method == "POST":
        email, name = filled.text("email", most=254), filled.text("name", most=200)
        role = filled.choice("role", [key for key, _word in ROLES])
        group = next((one.name for one in people.groups() if str(one.id) == filled.values.get("group")), "")
        if not filled.wrong:
            try:
                made = people.create_user(
                    email=email, name=name, password=None, role=cast(people.Role, role), by=here.person.id,
                    groups=[group] if group else [], region=people.home_region(),
                )  # fmt: skip
                if filled.values.get("invite"):
                    people.invite(made.id, by=here.person.id, at=timezone.now())
            except people.AccountRefused as error:
                filled.wrong["email"] = said(error)
            else:
                return HttpResponseRedirect(reverse("person", args=[made.id]))
    context = {"here": "people", "form": filled.fields(), "roles": ROLES, "groups": people.groups()}
    return render(request, "web/console/people/add.html", context, status=400 if filled.wrong else 200)


@administers
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One person, and what an administrator may change; a POST is the deed named."""
    here, now = inside(request), timezone.now()
    found = _person(person_id)
    wrong: dict[str, str] = {}
    link = ""
    if request.method == "POST":
        deed = request.POST.get("deed", "")
        try:
            link = _DEEDS[deed](request, found, now) if deed in _DEEDS else ""
        except (people.AccountRefused, people.InvitationRefused) as error:
            wrong[deed] = said(error)
        if not wrong and not link:
            return HttpResponseRedirect(reverse("person", args=[person_id]))
        found = _person(person_id)
    viewer = people.viewer(found)
    belongs = set(found.groups.values_list("id", flat=True))
    context = {
        "here": "people", "person": found, "wrong": wrong, "link": link, "roles": ROLES, "keys": _keys(found),
        "kinds": words.NUMBER_KINDS.items(), "levels": words.LEVELS.items(), "level": words.LEVELS[found.level],
        "groups": [(group, group.id in belongs, group.id == found.main_group_id) for group in people.groups()],
        "given": people.given(found), "factors": people.factors.factors(found), "sees": viewer,
        "sign_ins": lines(people.sign_ins(found.id, at=now)), "own": found.id == here.person.id,
        "may_change": here.viewer.role == "administrator", "fixed": found.role in people.SEES_ALL,
        "numbers_seen": len(viewer.number_indexes) if viewer.number_indexes is not None else None,
    }  # fmt: skip
    return render(request, "web/console/people/one.html", context, status=400 if wrong else 200)


@administers
@require_http_methods(["GET", "POST"])
def groups(request: HttpRequest) -> HttpResponse:
    """Groups, how many belong to them, and who may therefore see whose calls."""
    here, now = inside(request), timezone.now()
    wrong: dict[str, str] = {}
    if request.method == "POST":
        deed, group, name = request.POST.get("deed"), as_id(request.POST.get("group", "")), request.POST.get("name", "")
        try:
            if deed == "add":
                people.add_group(name, by=here.person.id, at=now)
            elif deed == "rename" and group:
                people.rename_group(group, name, by=here.person.id, at=now)
            elif deed == "remove" and group:
                people.remove_group(group, by=here.person.id, at=now)
        except people.AccountRefused as error:
            wrong[str(group or "")] = said(error)
        else:
            return HttpResponseRedirect(reverse("people-groups"))
    context = {
        "here": "people", "groups": people.groups(), "wrong": wrong, "wrong_new": wrong.get("", ""),
        "typed": request.POST.get("name", ""), "may_change": here.viewer.role == "administrator",
    }  # fmt: skip
    return render(request, "web/console/people/groups.html", context, status=400 if wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """What holds for all people: whether they see their own calls, whose sign-in needs a second factor, what letters
    about recordings may say. Compliance officers decide the last as well."""
    here = inside(request)
    if request.method == "POST" and request.POST.get("deed") == "letters":
        chosen_letters = request.POST.get("letters", "")
        if letters := next((one for one in people.notices.LETTERS if one == chosen_letters), None):
            recordings.notices.let_write(letters, by=here.person.id, at=timezone.now())
        return HttpResponseRedirect(reverse("people-settings"))
    if request.method == "POST":
        if here.viewer.role != "administrator":
            return cast(HttpResponse, forbidden(request))
        chosen = request.POST.getlist("factor_roles")
        people.decide(
            own_visible=bool(request.POST.get("own_visible")), own_download=bool(request.POST.get("own_download")),
            factor_roles=[role for role in people.ROLES if role in chosen], by=here.person.id, at=timezone.now(),
        )  # fmt: skip
        return HttpResponseRedirect(reverse("people-settings"))
    decided = people.settings()
    context = {
        "here": "people", "settings": decided, "may_change": here.viewer.role == "administrator",
        "roles": [(role, word, role in decided.factor_roles) for role, word in ROLES],
        "letters": words.NOTICE_LETTERS.items(), "letters_now": people.notices.notice_letters(),
    }  # fmt: skip
    return render(request, "web/console/people/settings.html", context)


@administers
@require_http_methods(["GET", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Who is signed in now; administrators end sessions."""
    here, now = inside(request), timezone.now()
    if request.method == "POST":
        if (sign_in := as_id(request.POST.get("sign_in", ""))) is not None:
            people.end(sign_in, user_id=None, by=here.person.id, at=now)
        return HttpResponseRedirect(reverse("people-sessions"))
    found = people.sign_ins(at=now)
    context = {
        "here": "people", "sign_ins": lines(found), "names": people.names([one.user_id for one in found]),
        "may_change": here.viewer.role == "administrator",
    }  # fmt: skip
    return render(request, "web/console/people/sessions.html", context)


def as_id(text: str) -> UUID | None:
    """An id as forms and addresses carry it."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def said(error: people.PeopleError) -> str:
    """An error beside the field that it is about."""
    return f"{str(error.args[0])[:1].upper()}{str(error.args[0])[1:]}. {error.remedy}"


def lines(found: Any) -> list[tuple[people.SignInView, Any]]:
    """Sessions, each with the words for how it was signed in to."""
    return [(one, words.MEANS[one.means]) for one in found]


def _person(person_id: UUID) -> people.User:
    found = people.User.objects.filter(pk=person_id).select_related("main_group").first()
    if found is None:
        raise Http404("there is no such person")
    return found


def _keys(found: people.User) -> list[tuple[people.MatchKey, Any]]:
    return [(one, words.NUMBER_KINDS[one.kind]) for one in people.match_keys(found)]


def _rename(request: HttpRequest, found: people.User, now: datetime) -> str:
    people.rename(found.id, name=request.POST.get("name", ""), by=inside(request).person.id, at=now)
    return ""


def _role(request: HttpRequest, found: people.User, now: datetime) -> str:
    role = cast(people.Role, request.POST.get("role", ""))
    people.change_role(found.id, role=role, by=inside(request).person.id, at=now)
    return ""


def _groups(request: HttpRequest, found: people.User, now: datetime) -> str:
    additional = [one for text in request.POST.getlist("group") if (one := as_id(text))]
    people.set_groups(
        found.id, main=as_id(request.POST.get("main", "")), additional=additional, by=inside(request).person.id, at=now
    )
    return ""


def _add_number(request: HttpRequest, found: people.User, now: datetime) -> str:
    kind = next((one for one in people.NUMBER_KINDS if one == request.POST.get("kind")), "did")
    people.give_number(
        found.id, request.POST.get("value", ""), kind=cast(people.NumberKind, kind), region=people.home_region(),
        by=inside(request).person.id, at=now,
    )  # fmt: skip
    return ""


def _take_number(request: HttpRequest, found: people.User, now: datetime) -> str:
    if number := as_id(request.POST.get("number", "")):
        people.take_number(found.id, number, by=inside(request).person.id, at=now)
    return ""


def _level(request: HttpRequest, found: people.User, now: datetime) -> str:
    people.set_level(
        found.id, level=cast(people.Level, request.POST.get("level", found.level)),
        may_download=bool(request.POST.get("may_download")), may_delete=bool(request.POST.get("may_delete")),
        by=inside(request).person.id, at=now,
    )  # fmt: skip
    return ""


def _give_sight(request: HttpRequest, found: people.User, now: datetime) -> str:
    """One group or one person more, or less."""
    given = people.given(found)
    groups, persons = {one for one, _name in given.groups}, {one for one, _name in given.people}
    if email := request.POST.get("email", "").strip().lower():
        person = people.User.objects.filter(email=email).first()
        if person is None:
            raise people.AccountRefused(_("nobody has this e-mail address"), remedy=_("Look it up in the list."))
        persons.add(person.id)
    if group := as_id(request.POST.get("group", "")):
        groups.add(group)
    if less := as_id(request.POST.get("less", "")):
        groups, persons = groups - {less}, persons - {less}
    people.set_given(found.id, groups=groups, people=persons, by=inside(request).person.id, at=now)
    return ""


def _invite(request: HttpRequest, found: people.User, now: datetime) -> str:
    return people.invite(found.id, by=inside(request).person.id, at=now)


def _close(request: HttpRequest, found: people.User, now: datetime) -> str:
    people.set_active(found.id, active=False, by=inside(request).person.id, at=now)
    people.end_of(found.id, by=inside(request).person.id, at=now)
    return ""


def _open(request: HttpRequest, found: people.User, now: datetime) -> str:
    people.set_active(found.id, active=True, by=inside(request).person.id, at=now)
    return ""


def _sign_out(request: HttpRequest, found: people.User, now: datetime) -> str:
    if sign_in := as_id(request.POST.get("sign_in", "")):
        people.end(sign_in, user_id=found.id, by=inside(request).person.id, at=now)
    else:
        people.end_of(found.id, by=inside(request).person.id, at=now)
    return ""


def _take_factors(request: HttpRequest, found: people.User, now: datetime) -> str:
    people.factors.remove_factors(found.id, by=inside(request).person.id, at=now)
    return ""


_DEEDS: Final[dict[str, Callable[[HttpRequest, people.User, datetime], str]]] = {
    "rename": _rename, "role": _role, "groups": _groups, "add-number": _add_number, "take-number": _take_number,
    "level": _level, "sight": _give_sight, "invite": _invite, "close": _close, "open": _open,
    "sign-out": _sign_out, "take-factors": _take_factors,
}  # fmt: skip
"""What an administrator does with a person; each answers with a link to show once, or ""."""
