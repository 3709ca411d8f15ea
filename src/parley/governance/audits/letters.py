"""What a customer hears of its audit by e-mail."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from parley.governance.audits.models import AuditRequest
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.tenancy import api as tenancy


def date_agreed(row: AuditRequest, *, date: datetime) -> bool:
    """Put the provider's answer into the outbox of the customer in scope; False when it has nowhere for notices."""
    addresses = contract.notice_addresses()
    if not addresses:
        return False
    zone = tenancy.current().standing.zone
    local = date.astimezone(ZoneInfo(zone))
    mail.send(
        key=f"audit:{row.id}:agreed:{date.isoformat()}",
        to=addresses,
        subject=_("Your audit takes place on %(day)s") % {"day": f"{local:%d %b %Y}"},
        text=_(
            "You asked for an audit on %(asked)s (clause %(clause)s). It takes place on %(moment)s (%(zone)s).\n\n"
            "%(answer)s\n\n"
            "%(conditions)s\n\n"
            "The audit, its findings and an audit pack with all evidence are in your console, under Audits.\n"
        )
        % {
            "asked": f"{row.asked_at.astimezone(ZoneInfo(zone)):%d %b %Y}",
            "clause": row.clause,
            "moment": f"{local:%a %d %b %Y, %H:%M}",
            "zone": zone,
            "answer": row.answer,
            "conditions": "\n".join(f"- {line}" for line in row.conditions),
        },
        purpose="audit",
        clause=row.clause,
    )
    return True
