"""Access by the provider's staff as the customer sees it: consent, live, history; reviews, who handles data."""

from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.access import api as access
from parley.governance.contract import api as contract
from parley.people import api as people
from parley.web import access_words as words
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.place import inside

PAGE_ROWS: Final = 50


@sees_everything
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """What waits, what runs, what was; the last review of the provider's staff."""
    now = timezone.now()
    before = _id(request.GET.get("before", ""))
    rows = access.history(at=now, limit=PAGE_ROWS + 1, before=before)
    shown = rows[:PAGE_ROWS]
    context = {
        "here": "access",
        "now": now,
        "term": access.term(),
        "waiting": access.waiting(at=now),
        "running": access.running(at=now),
        "history": [line(one) for one in shown],
        "older": before is not None,
        "next": shown[-1].id if len(rows) > PAGE_ROWS else "",
        "staff_review": access.last_staff_review(),
    }
    return render(request, "web/console/access.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, access_id: UUID) -> HttpResponse:
    """One request, and what the customer may do about it."""
    here, now = inside(request), timezone.now()
    found = access.get(access_id, at=now)
    if request.method == "POST":
        deed = request.POST.get("deed")
        if deed == "consent":
            access.consent(access_id, by=here.person.id, at=now)
        elif deed == "refuse":
            access.refuse(access_id, by=here.person.id, at=now)
        elif deed == "end":
            access.end(access_id, by=here.person.id, party="customer", at=now)
        return HttpResponseRedirect(reverse("staff-access"))
    context = {"here": "access", "now": now, "line": line(found), "access": found}
    return render(request, "web/console/access_one.html", context)


@require_GET
def banner(request: HttpRequest) -> HttpResponse:
    """The line on top of every page while somebody of the provider looks; the page asks for it again and again."""
    return render(request, "web/console/_access_banner.html")


@sees_everything
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Who of the customer's people has which role; a review decides each account, and is carried out at once."""
    here = inside(request)
    return reviewed(
        request,
        roles=[role for role in people.ROLES if role != "operator"],
        template="web/console/access_review.html",
        back="access-review",
        person=here.person,
    )


def reviewed(
    request: HttpRequest, *, roles: list[people.Role], template: str, back: str, person: people.User
) -> HttpResponse:
    """The page of a review, of the customer's people or of the provider's staff, and what it sends."""
    now = timezone.now()
    users = [user for user in people.accounts() if user.is_active]
    accounts = {user.id: _account(user) for user in users}
    wrong: dict[str, str] = {}
    if request.method == "POST":
        judgements = [_judgement(request, account) for account in accounts.values()]
        try:
            with transaction.atomic():
                access.hold_review(
                    accounts=list(accounts.values()), judgements=judgements, roles=roles, by=person.id, at=now
                )
                for judged in judgements:
                    _carry_out(judged, by=person.id)
        except (access.AccessFormError, people.AccountRefused) as error:
            wrong = words.wrong_of(error)
        else:
            return HttpResponseRedirect(reverse(back))
    held = access.reviews()
    context = {
        "here": "access",
        "now": now,
        "roles": [(role, rules.ROLES[role]) for role in roles],
        "rows": [
            {
                "user": user,
                "sleeping": access.sleeping(accounts[user.id], at=now),
                "own": user.id == person.id,
                "chosen": request.POST.get(f"decision-{user.id}", "keep"),
                "wrong": wrong.get(str(user.id), ""),
            }
            for user in users
        ],
        "problem": next((said for field, said in wrong.items() if field in ("", "decision")), ""),
        "held": held,
        "next_due": held[0].next_due if held else None,
        "holders": _names(one.held_by for one in held),
    }
    return render(request, template, context, status=400 if wrong else 200)


@sees_everything
@require_GET
def handlers(request: HttpRequest) -> HttpResponse:
    """Who and what handles the customer's data today."""
    agreed = contract.binding().agreement
    context = {
        "here": "access",
        "groups": handler_groups(access.handlers_register(on=timezone.now().date())),
        "clauses": [agreed.clauses[name] for name in access.HANDLER_CLAUSES if name in agreed.clauses],
    }
    return render(request, "web/console/handlers.html", context)


def handler_groups(entries: list[access.HandlerView]) -> list[tuple[Any, list[access.HandlerView]]]:
    """The entries under their headings, all headings shown."""
    return [(word, [one for one in entries if one.kind == kind]) for kind, word in words.HANDLERS.items()]


def line(found: access.AccessView) -> dict[str, Any]:
    """One request as tables show it."""
    return {
        "access": found,
        **words.state(words.ACCESS, found.state),
        "ended_by": words.ENDED_BY.get(found.ended_by, ""),
    }


def _judgement(request: HttpRequest, account: access.Account) -> access.Judgement:
    said = request.POST.get(f"decision-{account.user_id}", "keep")
    if said.startswith("change:"):
        return access.Judgement(account=account, decision="change", new_role=said.removeprefix("change:"))
    return access.Judgement(account=account, decision="remove" if said == "remove" else "keep")


def _carry_out(judged: access.Judgement, *, by: UUID) -> None:
    now = timezone.now()
    if judged.decision == "change":
        role = next(role for role in people.ROLES if role == judged.new_role)
        people.change_role(judged.account.user_id, role=role, by=by, at=now)
    elif judged.decision == "remove":
        people.set_active(judged.account.user_id, active=False, by=by, at=now)


def _account(user: people.User) -> access.Account:
    return access.Account(
        user_id=user.id,
        role=user.role,
        active=user.is_active,
        last_sign_in=user.last_login,
        made_at=user.created_at,
    )


def _names(ids: Any) -> dict[UUID, str]:
    return dict(people.User.objects.filter(id__in=set(ids)).values_list("id", "name"))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
