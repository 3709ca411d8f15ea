"""The link to an export: whoever has it fetches the package until it expires. No page, no cookie, no cache."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from parley.exports import api as exports
from parley.tenancy import api as tenancy
from parley.web.console.exports import package
from parley.web.public.limits import limited


@require_safe
@limited
def fetch(request: HttpRequest, handle: str, token: str) -> HttpResponse:
    """The package, or the piece of it that was asked for. What expired and what never was are answered alike."""
    customer = tenancy.by_handle(handle)
    if customer is None:
        return _gone()
    with tenancy.scope(customer):
        try:
            response = package(request, exports.by_token(token), by="link")
        except exports.NoSuchExport:
            return _gone()
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _gone() -> HttpResponse:
    said = _("This link leads nowhere, or no more. Ask whoever sent it for a new one.")
    return HttpResponse(
        f"{said}\n", status=404, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )
