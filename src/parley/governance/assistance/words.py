"""What is written to the customer: subject and text of each letter. Letters never quote what somebody else wrote."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from parley.governance.assistance.rules import CRITERIA
from parley.governance.assistance.types import Sign
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.tenancy import api as tenancy

TOLD = "assistance.told"
Letter = tuple[str, str]


def send(*, key: str, letter: Letter, clause: str, then: str = TOLD) -> bool:
    """Put `letter` into the customer's outbox; False when it has no addresses for notices. `then` hears of dispatch."""
    addresses = contract.notice_addresses()
    if addresses:
        mail.send(
            key=key, to=addresses, subject=letter[0], text=letter[1], purpose="assistance", clause=clause, then=then
        )
    return bool(addresses)


def assessment_needed(signs: Iterable[Sign], *, clause: str) -> Letter:
    """The customer's processing is likely a high risk."""
    found = "\n".join(f"- {CRITERIA[sign.criterion]} ({sign.because})" for sign in signs)
    return (
        _("Your processing is likely to be a high risk: an impact assessment is needed"),
        _(
            "From what you have activated and instructed, your processing meets these criteria for likely high risk "
            "(GDPR Art. 35, WP248 rev.01; two are enough):\n\n%(found)s\n\n"
            "You, as controller, carry out the assessment; we help with it. The questions, and what we know of the "
            "answers, are prepared here:\n%(url)s\n\nClause: %(clause)s\n"
        )
        % {"found": found, "url": _console("assistance/"), "clause": clause},
    )


def disclosure(*, asker: str, intended_at: datetime, clause: str) -> Letter:
    """Somebody with a right or a power asks for the customer's data."""
    return (
        _("Somebody with legal power asks for your data"),
        _(
            "We have received a demand for data that we process for you (%(asker)s). We tell you before anything is "
            "handed over, so that you can object or seek a remedy.\n\n"
            "Nothing is handed over before: %(when)s\nClause: %(clause)s\n\n"
            "On which ground and what is asked stands in your console:\n%(url)s\n"
        )
        % {
            "asker": asker,
            "when": f"{intended_at:%Y-%m-%d %H:%M %Z}",
            "clause": clause,
            "url": _console("assistance/"),
        },
    )


def complaint(*, source: str, received_at: datetime, clause: str) -> Letter:
    """A complaint that reached the provider is passed on."""
    return (
        _("A complaint about processing for you has reached us"),
        _(
            "A complaint or enquiry about processing that we carry out for you reached us directly (from: %(source)s, "
            "received %(when)s). We pass it on with its details, which stand in your console:\n%(url)s\n\n"
            "Clause: %(clause)s\n"
        )
        % {
            "source": source,
            "when": f"{received_at:%Y-%m-%d %H:%M %Z}",
            "url": _console("assistance/"),
            "clause": clause,
        },
    )


def finding(*, law: str, clause: str) -> Letter:
    """The customer was found in breach of a law."""
    return (
        _("We found a breach of the law in your use of the service"),
        _(
            "In your use of the service we found what we hold to be a breach of: %(law)s.\n\n"
            "What we found stands in your console; please correct it. Where a law obliges us, we inform the "
            "authority; that would be shown there too.\n%(url)s\n\nClause: %(clause)s\n"
        )
        % {"law": law, "url": _console("assistance/"), "clause": clause},
    )


def _console(path: str) -> str:
    return f"{settings.PARLEY_PUBLIC_URL}/c/{tenancy.current().handle}/{path}"
