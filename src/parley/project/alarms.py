"""Who is told by e-mail of a duty that comes nearer, or was missed: the provider's operators and the customer.

Wired to the obligations in `wiring`: the message is written in the transaction of the warning or of the breach, so it
exists exactly once, and goes through the outbox of the customer whom the duty concerns.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from parley.foundation.ids import new_id
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations.api import DutyView
from parley.people import api as people
from parley.retention.api import HoldView
from parley.tenancy import api as tenancy
from parley.web.place import console_address
from parley.webhooks import api as webhooks

PURPOSE: Final = "duty-alarm"
_log = structlog.get_logger(__name__)


def warn(duty: DutyView) -> None:
    """A duty comes nearer to its due date: whoever has to do it hears."""
    subject = _("Due soon: %(title)s") % {"title": duty.title}
    opening = _("This is due soon and not done yet.")
    if duty.owner == "provider":
        _tell("operators", duty, to=operators(), subject=subject, opening=opening, occasion=f"warn-{_stamp(duty)}")
    else:
        _tell("customer", duty, to=contract.notice_addresses(), subject=subject, opening=opening,
              occasion=f"warn-{_stamp(duty)}")  # fmt: skip


def sound(duty: DutyView) -> None:
    """A duty was not met when it was due: both sides hear."""
    subject = _("Overdue: %(title)s") % {"title": duty.title}
    opening = _("This was due and has not been done. It is shown as late until it is.")
    _tell("operators", duty, to=operators(), subject=subject, opening=opening, occasion="overdue")
    _tell("customer", duty, to=contract.notice_addresses(), subject=subject, opening=opening, occasion="overdue")


def remind_of_hold(hold: HoldView) -> None:
    """A hold is due for review: its owner hears. What it is about stays in the console."""
    owner = people.User.objects.filter(id=hold.owner, is_active=True).values_list("email", flat=True).first()
    customer = tenancy.current()
    to = [owner] if owner else contract.notice_addresses()
    if not to:
        _log.warning("hold.nobody_to_tell", hold=str(hold.id))
        return
    mail.send(
        key=f"hold-review:{hold.id}:{hold.review_at.isoformat()}",
        to=to,
        subject=_("A hold is due for review"),
        text=_("Is its ground still there? Keep it with a new day of review, or lift it.")
        + f"\n\n{console_address(customer.handle)}holds/{hold.id}/\n",
        purpose="hold-review",
        clause=hold.clause,
    )


def tell_of_endpoint(endpoint: webhooks.EndpointView) -> None:
    """An endpoint of webhooks was disabled because of its receiver: the customer's administrators hear."""
    customer = tenancy.current()
    administrators = people.User.objects.filter(role="administrator", is_active=True).order_by("email")
    to = list(administrators.values_list("email", flat=True)) or contract.notice_addresses()
    _log.warning("webhook.disabled", endpoint=str(endpoint.id), why=endpoint.why_disabled)
    if not to:
        return
    gone = endpoint.why_disabled == "gone"
    why = _("Its receiver answered 410: it wants to hear no more.") if gone else _("It could not be reached for days.")
    waits = _("%(count)s deliveries wait. Enable it again, and they are sent.") % {"count": endpoint.waiting}
    mail.send(
        key=f"webhook-disabled:{endpoint.id}:{new_id(at=datetime.now(UTC))}",
        to=to,
        subject=_("A webhook was disabled: %(name)s") % {"name": endpoint.name},
        text=f"{why} {waits}\n\n{console_address(customer.handle)}integrations/webhooks/{endpoint.id}/\n",
        purpose="webhook-disabled",
        clause=contract.ask("secure-service", at=datetime.now(UTC)).clause,
    )


def operators() -> Sequence[str]:
    """The addresses of the provider's staff who run the service."""
    # They are accounts of the provider's own database, whichever customer is in scope.
    staff = people.User.objects.using("provider").filter(role="operator", is_active=True)
    return list(staff.order_by("email").values_list("email", flat=True))


def _tell(whom: str, duty: DutyView, *, to: Sequence[str], subject: str, opening: str, occasion: str) -> None:
    if not to:
        _log.warning("duty.nobody_to_tell", whom=whom, duty=str(duty.id))
        return
    try:
        mail.send(
            key=f"{PURPOSE}:{duty.key}:{occasion}:{whom}",
            to=to,
            subject=subject,
            text=_text(duty, opening=opening, whom=whom),
            purpose=PURPOSE,
            clause=duty.clause,
        )
    # A wrong address must not keep a breach from being recorded.
    except mail.MailRefused as error:
        _log.error("duty.cannot_tell", whom=whom, duty=str(duty.id), error_id=error.error_id)


def _text(duty: DutyView, *, opening: str, whom: str) -> str:
    customer = tenancy.current()
    zone = customer.standing.zone
    address = (
        f"{settings.PARLEY_PUBLIC_URL}/provider/calendar/?customer={customer.handle}"
        if whom == "operators"
        else f"{console_address(customer.handle)}obligations/"
    )
    lines = [
        opening,
        "",
        duty.title,
        *([_("About: %(subject)s") % {"subject": duty.subject}] if duty.subject else []),
        _("Customer: %(name)s") % {"name": customer.name},
        _("Clause: %(clause)s") % {"clause": duty.clause},
        _("Due: %(due)s") % {"due": _local(duty.due, zone)},
        _("To be done by: %(owner)s") % {"owner": _("the provider") if duty.owner == "provider" else _("the customer")},
        "",
        address,
    ]
    return "\n".join(lines) + "\n"


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%d %B %Y, %H:%M} ({zone})"


def _stamp(duty: DutyView) -> str:
    """Tells the warnings of one duty apart: each leaves evidence of its own."""
    return str(duty.evidence_id)
