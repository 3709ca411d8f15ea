"""What an operation asks of who calls it: a session of the console, or a token with its scope."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import HttpError

from parley.foundation.errors import ParleyError
from parley.tokens import api as tokens
from parley.web.place import ConsoleRequest, inside
from parley.web.rest import callers


class NotFromHere(ParleyError):
    """A deed that came with a session, and from no page of ours."""

    error_id = "web.csrf"


@dataclass(frozen=True)
class Scope:
    """Lets a session of the console in, and a token that includes `scope`; None: every token, whatever its scopes.

    The middleware has recognised both. A deed with a session must come from a page of ours (`checks_origin`).
    """

    scope: tokens.Scope | None
    checks_origin: bool = True

    def __call__(self, request: HttpRequest) -> bool:
        bearer = callers.bearer_of(request)
        if bearer is None:
            deed = request.method not in {"GET", "HEAD", "OPTIONS"}
            if self.checks_origin and deed and not callers.may_write(request):
                raise NotFromHere("this deed comes from no page of the console", remedy="Use an API token.")
        elif self.scope is not None and not bearer.may(self.scope):
            raise tokens.ScopeMissing(self.scope)
        return True


def no_token(request: HttpRequest) -> bool:
    """What holds for an operation that declares no scope: no token opens it."""
    return callers.bearer_of(request) is None


def overseeing(request: HttpRequest) -> ConsoleRequest:
    """The request of somebody whose role includes duties and settings. Raises HttpError 403."""
    here = inside(request)
    if not here.viewer.oversees:
        raise HttpError(403, _("Your role does not include this."))
    return here


def administering(request: HttpRequest) -> ConsoleRequest:
    """The request of an administrator. Raises HttpError 403."""
    here = inside(request)
    if here.viewer.role != "administrator":
        raise HttpError(403, _("Only an administrator may do this."))
    return here
