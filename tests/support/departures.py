"""The end of a contract by moving time: what the worker does at an instant, for a customer and for the provider."""

from datetime import datetime

from parley.backups import api as backups
from parley.exports import api as exports
from parley.governance.contract import api as contract
from parley.lifecycle import api as lifecycle
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.obligations.models import Deadline
from parley.project.wiring import LETTERS, sign_at_creation  # noqa: F401 - wires what signing needs
from parley.tenancy import api as tenancy


def ours() -> dict[str, obligations.Handler]:
    """The handlers of a departure and of what it opens, without mail: letters stay in the outbox."""
    return {
        **lifecycle.handlers(fonts=LETTERS),
        **lifecycle.long_handlers(),
        **obligations.handlers(),
        **backups.handlers(),
    }


def move(at: datetime) -> None:
    """Do what is due at `at` in the provider's scope, until nothing is. Raises AssertionError when a step failed."""
    outcome = obligations.run_due(tenancy.provider(), handlers=ours(), now=at)
    with tenancy.scope(tenancy.provider()):
        errors = list(
            Deadline.objects.filter(kind__startswith="lifecycle", done_at__isnull=True)
            .exclude(last_error="")
            .values_list("kind", "last_error")
        )
    assert not errors, errors
    assert outcome.failed == 0


def letters(departure_id: object) -> list[tuple[str, str]]:
    """Subject and text of the letters about a departure, oldest first."""
    with tenancy.scope(tenancy.provider()):
        found = [one for one in mail.messages(purpose="departure", limit=100_000) if str(departure_id) in one.key]
        return [(one.subject, mail.content(one.id).text) for one in reversed(found)]


__all__ = ["contract", "exports", "letters", "move", "ours"]
