"""Keys as the customer sees them: what content is sealed to, rotation, loss, drills; its own keys in its browser."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.access import api as access
from parley.governance.contract import api as contract
from parley.recordings import api as recordings
from parley.recordings.resealing import api as resealing
from parley.web import access_words as words
from parley.web import rules
from parley.web.access import sees_everything
from parley.web.place import ConsoleRequest, inside

_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
_ALL_EVENTS: Final = 1000
_STAYS: Final = {
    "hold": _("a legal hold keeps them as they are, byte by byte"),
    "restriction": _("a person asked that they be stored and not used"),
    "locked": _("the object store keeps them by write-once as long as a law keeps them"),
    "damaged": _("a file of them is damaged or missing: see Storage"),
    "key": _("no key that is left opens them"),
    "present": _("they are sealed to the present keys already"),
    "gone": _("they were deleted meanwhile"),
}
"""Why a recording stays sealed as it is, of many."""
_SAID: Final = {
    "noKey": _("No key is open in this browser. Open or bring a former key above."),
    "compare": _("Compare the keys with your own first, and say so: what is sealed anew opens with them alone."),
    "offline": _("The server does not answer."),
    "goOn": _("What was done stays done; seal the rest anew to go on."),
    "fields": _("Names, notes and tags: {seen} of {total} keys"),
    "progress": _("{seen} of {total} recordings, {rate} a second"),
    "fieldKey": _("Keys of names, notes and tags that none of your keys opens"),
    "stopped": _("Stopped. Sealed anew: {done}. Left: {left}."),
    "some": _("Sealed anew: {done}. Left: {left}."),
    "all": _("Sealed anew: {done}. Nothing is left under former keys."),
}
"""What the script of the section says."""


@dataclass(frozen=True, kw_only=True)
class Generation:
    """Keys that content was sealed to in one stretch of time, and what is left of them."""

    recipients: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    recordings: int
    lost: frozenset[str]

    @property
    def left(self) -> int:
        """Keys that still open it, as far as was declared."""
        return len(set(self.recipients) - self.lost)


@sees_everything
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What content is sealed to, and what happened to keys so far; where the customer holds them, its own."""
    here, now = inside(request), timezone.now()
    wrong: dict[str, str] = {}
    if request.method == "POST":
        try:
            _deed(request, by=here.person.id)
        except access.AccessFormError as error:
            wrong = words.wrong_of(error)
        else:
            return HttpResponseRedirect(reverse("keys"))
    word, meaning = rules.CUSTODY[here.customer.custody]
    context = {
        "here": "access",
        "now": now,
        "custody": here.customer.custody,
        "custody_word": word,
        "custody_meaning": meaning,
        "clause": contract.binding().agreement.terms.encryption.clause,
        "recipients": here.customer.recipients,
        "former": access.former_keys(),
        "challenges": access.challenges(),
        "events": [
            {"event": event, **words.state(words.KEY_EVENTS, event.what)} for event in access.key_events(limit=50)
        ],
        "values": request.POST,
        "wrong": wrong,
        **_resealing(),
        "said": {name: str(words) for name, words in _SAID.items()},
        "rotated": access.last_rotation(),
    }
    return render(request, "web/console/keys.html", context, status=400 if wrong else 200)


@sees_everything
@require_http_methods(["GET", "POST"])
def drill(request: HttpRequest) -> HttpResponse:
    """A drill by script: seals a word to the key that is named, or checks the word that is said. Never sees a key.

    Asked without either, it says which drills wait for their word.
    """
    here, now = inside(request), timezone.now()
    if request.method == "GET":
        return JsonResponse({"waiting": [str(one.id) for one in access.challenges()]})
    challenge = _id(request.POST.get("challenge", ""))
    if challenge is None:
        begun = access.challenge(recipient=request.POST.get("recipient", ""), at=now)
        sealed = b64encode(access.sealed_word(begun.id)).decode()
        return JsonResponse({"challenge": str(begun.id), "sealed": sealed})
    held = access.answer(challenge, word=request.POST.get("word", ""), by=here.person.id, at=now)
    return JsonResponse({"passed": held.what == "drill-passed"})


@sees_everything
@require_GET
def run(request: HttpRequest) -> HttpResponse:
    """How far it is where the provider's server seals recordings anew; the page is loaded anew when it is over."""
    shown = _resealing()
    answer = render(request, "web/console/_keys_resealing_run.html", shown)
    if inside(request).htmx and (shown["run"] is None or shown["run"].finished_at is not None):
        answer["HX-Refresh"] = "true"
    return answer


@sees_everything
@require_GET
def lost(request: HttpRequest) -> HttpResponse:
    """What a lost key means: what is gone, what is not, what to do now. No error: a page that says it as it is."""
    here = inside(request)
    found = generations(here, access.key_events(limit=_ALL_EVENTS))
    word, meaning = rules.CUSTODY[here.customer.custody]
    context = {
        "here": "access",
        "custody": here.customer.custody,
        "custody_word": word,
        "custody_meaning": meaning,
        "generations": found,
        "gone": sum(one.recordings for one in found if not one.left),
        "endangered": sum(one.recordings for one in found if one.left == 1),
    }
    return render(request, "web/console/keys_lost.html", context)


@sees_everything
@require_GET
def word(_request: HttpRequest, challenge_id: UUID) -> HttpResponse:
    """The word of a drill, sealed: an age file."""
    response = HttpResponse(access.sealed_word(challenge_id), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="drill-{str(challenge_id)[-8:]}.age"'
    return response


def generations(here: ConsoleRequest, events: Sequence[access.KeyEventView]) -> list[Generation]:
    """Which keys sealed what, newest first; `events` newest first, all of them."""
    gone: set[str] = set()
    for event in reversed(events):
        if event.what == "loss":
            gone |= set(event.concerned)
        elif event.what == "recovered":
            gone -= set(event.concerned)
    found, until, recipients = [], None, tuple(here.customer.recipients)
    for event in (event for event in events if event.what == "rotated"):
        found.append(_generation(here, recipients, under=event.id, since=event.at, until=until, lost=gone))
        until, recipients = event.at, event.before
    return [*found, _generation(here, recipients, under=None, since=None, until=until, lost=gone)]


def _generation(
    here: ConsoleRequest,
    recipients: tuple[str, ...],
    *,
    under: UUID | None,
    since: datetime | None,
    until: datetime | None,
    lost: set[str],
) -> Generation:
    first, last = since or _BEGINNING, until or timezone.now()
    slots = recordings.figures(here.viewer, since=first, until=last, step=last - first) if first < last else ()
    return Generation(
        recipients=recipients,
        since=since,
        until=until,
        recordings=sum(slot.recordings for slot in slots) + resealing.shifted(under, since=first, until=last),
        lost=frozenset(lost & set(recipients)),
    )


def _resealing() -> dict[str, Any]:
    newest = resealing.newest()
    return {
        "resealing": resealing.former(),
        "run": newest,
        "stays": [(count, _STAYS.get(why, _t("another reason"))) for why, count in newest.refused.items()]
        if newest
        else [],
    }


def _deed(request: HttpRequest, *, by: UUID) -> None:
    now, deed = timezone.now(), request.POST.get("deed", "")
    note: Any = request.POST.get("note", "")
    if deed == "rotate":
        recipients = request.POST.get("recipients", "").split()
        access.rotate_keys(recipients=recipients, by=by, party="customer", at=now, note=note)
    elif deed in ("loss", "compromise", "recovered"):
        what = cast(access.KeyHappening, deed)
        concerned = request.POST.getlist("concerned")
        access.declare(what=what, concerned=concerned, by=by, party="customer", at=now, note=note)
    elif deed == "reseal":
        resealing.start(by=by, at=now)
    elif deed == "reseal-stop":
        resealing.stop(at=now)
    elif deed == "drill":
        access.drill(by=by, party="customer", at=now)
    elif deed == "challenge":
        access.challenge(recipient=request.POST.get("recipient", ""), at=now)
    elif deed == "answer" and (challenge := _id(request.POST.get("challenge", ""))):
        access.answer(challenge, word=request.POST.get("word", ""), by=by, at=now)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
