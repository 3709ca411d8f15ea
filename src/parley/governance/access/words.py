"""What is written to the customer about access by staff: subject and text of each letter."""

from django.conf import settings
from django.utils.translation import gettext as _

from parley.governance.access.types import AccessView
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.tenancy import api as tenancy

Letter = tuple[str, str]


def send(*, key: str, letter: Letter, clause: str) -> None:
    """Put `letter` into the customer's outbox, to its addresses for notices; without any, its console alone tells."""
    addresses = contract.notice_addresses()
    if addresses:
        mail.send(key=key, to=addresses, subject=letter[0], text=letter[1], purpose="support-access", clause=clause)


def asked(customer: tenancy.Customer, access: AccessView) -> Letter:
    """The provider's staff asks, and waits for the customer's word."""
    return (
        _("Your consent is asked: support access, case %(case)s") % {"case": access.case},
        _(
            "A member of our staff asks to look at your data, to solve a support case.\n\n"
            "Case: %(case)s\nOffering: %(offering)s\nFor at most: %(minutes)d minutes, from your consent on\n"
            "Clause: %(clause)s\n\n"
            "Nobody can look before you consent, and you can end it at any moment. Who asks and why stands in your "
            "console, where you consent or refuse:\n%(url)s\n"
        )
        % _facts(customer, access),
    )


def begun(customer: tenancy.Customer, access: AccessView) -> Letter:
    """An access began for which the agreement asks no consent."""
    return (
        _("Support access has begun, case %(case)s") % {"case": access.case},
        _(
            "A member of our staff now looks at your data, to solve a support case.\n\n"
            "Case: %(case)s\nOffering: %(offering)s\nFor at most: %(minutes)d minutes\nClause: %(clause)s\n\n"
            "Your agreement asks no consent for this. You see it live in your console, and can end it there at once:\n"
            "%(url)s\n"
        )
        % _facts(customer, access),
    )


def ended(customer: tenancy.Customer, access: AccessView) -> Letter:
    """An access is over."""
    return (
        _("Support access has ended, case %(case)s") % {"case": access.case},
        _(
            "The access of our staff to your data has ended.\n\n"
            "Case: %(case)s\nOffering: %(offering)s\nPages looked at: %(looks)d\nClause: %(clause)s\n\n"
            "Each look stands in your audit trail; the history is here:\n%(url)s\n"
        )
        % _facts(customer, access),
    )


def _facts(customer: tenancy.Customer, access: AccessView) -> dict[str, object]:
    return {
        "case": access.case,
        "offering": access.offering,
        "minutes": access.minutes,
        "looks": access.looks,
        "clause": access.clause,
        "url": f"{settings.PARLEY_PUBLIC_URL}/c/{customer.handle}/access/",
    }
