"""The page by which a customer follows its end when its console is closed: `/end/<token>`.

Whoever has the address may do what it offers: it was mailed to the customer, and its token cannot be guessed. A form
of another site does not know it, hence no cookie and no stamp. What cannot be undone wants a code as well, which goes
to the contract's addresses.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse, set_script_prefix
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from parley.lifecycle import api as lifecycle
from parley.tenancy import api as tenancy
from parley.web.filled import Filled
from parley.web.lifecycle_words import told
from parley.web.provider.lifecycle import certificate_file, document
from parley.web.public.limits import limited

BY_PAGE: Final = "page"
View = Callable[..., HttpResponseBase]


def _followed(view: View) -> View:
    """Hands the departure to the view; a link that is not valid is nobody's. Never cached, never indexed."""

    @wraps(view)
    @csrf_exempt
    @limited  # type: ignore[arg-type]
    def guarded(request: HttpRequest, token: str, **which: Any) -> HttpResponseBase:
        set_script_prefix("/")  # a console that this thread served before left its own
        try:
            found = lifecycle.by_token(token)
        except lifecycle.UnknownDeparture as error:
            raise Http404("no such page") from error
        response = view(request, found, token, **which)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return guarded


@_followed
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, found: lifecycle.DepartureView, token: str) -> HttpResponse:
    """The line of time, what is gone and what remains; a POST asks for an export, has a code sent, or confirms."""
    filled, problem = Filled(request.POST.dict()), None
    if request.method == "POST":
        try:
            _do(found, filled)
        except lifecycle.CodeRefused as refused:
            filled.wrong["code"] = f"{str(refused.args[0]).capitalize()}. {refused.remedy}"
        except lifecycle.LifecycleError as refused:
            problem = refused
        if not filled.wrong and problem is None:
            sent = "?sent=1#confirm" if request.POST["deed"] == "send-code" else ""
            return HttpResponseRedirect(reverse("departure-page", args=[token]) + sent, status=303)
        found = lifecycle.departure(found.id)
    context = {**_about(found, token), "form": filled.fields(), "problem": problem, "sent": "sent" in request.GET}
    wrong = bool(filled.wrong) or problem is not None
    return render(request, "web/public/departure.html", context, status=400 if wrong else 200)


@_followed
@require_safe
def progress(request: HttpRequest, found: lifecycle.DepartureView, token: str) -> HttpResponse:
    """The exports with how far they are: a piece of the page."""
    return render(request, "web/public/_departure_returns.html", _about(found, token))


@_followed
@require_safe
def package(_request: HttpRequest, found: lifecycle.DepartureView, _token: str, *, return_id: UUID) -> HttpResponseBase:
    """An export: a ZIP file in clear, or sealed where the customer alone holds the key."""
    try:
        made, content = lifecycle.open_return(found.id, return_id, at=timezone.now())
    except lifecycle.UnknownDeparture as error:
        raise Http404("this package is gone") from error
    sealed = found.custody == "customer-held"
    name = f"{found.handle}-{made.asked_at:%Y-%m-%d}.zip" + (".age" if sealed else "")
    media_type = "application/age-encryption" if sealed else "application/zip"
    return FileResponse(content, as_attachment=True, filename=name, content_type=media_type)


@_followed
@require_safe
def statement(_request: HttpRequest, found: lifecycle.DepartureView, _token: str, *, number: int) -> HttpResponse:
    """A statement of progress as it was entered into the provider's log."""
    made = next((one for one in found.statements if one.number == number), None)
    if made is None:
        raise Http404("no such statement")
    return document(made.document.encode(), f"statement-{number}.json", "application/json")


@_followed
@require_safe
def certificate(_request: HttpRequest, found: lifecycle.DepartureView, _token: str, *, form: str) -> HttpResponse:
    """The certificate as a paper, as JSON, or its proof."""
    return certificate_file(found.id, form)


def _do(found: lifecycle.DepartureView, filled: Filled) -> None:
    deed, now = filled.choice("deed", ("export", "send-code", "confirm")), timezone.now()
    if deed == "export":
        lifecycle.ask_export(found.id, channel=BY_PAGE, by="", at=now)
    elif deed == "send-code":
        lifecycle.send_code(found.id, at=now)
    elif deed == "confirm":
        code = filled.text("code", most=32)
        if filled.values.get("name", "").strip() != found.handle:
            filled.wrong["name"] = _("Write %(handle)s.") % {"handle": found.handle}
        if not filled.wrong:
            lifecycle.confirm_by_code(found.id, code, at=now)


def _about(found: lifecycle.DepartureView, token: str) -> dict[str, Any]:
    return {"token": token, "provider": tenancy.provider().name, **told(found, now=timezone.now())}
