"""Marketing letters: never without the right to write, never without a way out.

`unsubscribe` stands at the bottom of the text and in the headers List-Unsubscribe and List-Unsubscribe-Post, so that
mail programs show a button of their own (RFC 2369, RFC 8058).
"""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from parley.contacts.consent_rules import MARKETING, Right
from parley.contacts.consents import may, may_contact
from parley.contacts.errors import ContactRefused, MayNotContact
from parley.contacts.reading import get
from parley.contacts.tools import leave, tools
from parley.contacts.types import ContactDecision
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.tenancy import api as tenancy

_ADDRESS: Final = re.compile(r"https://[^\s<>\"]{1,1900}|http://(localhost|127\.0\.0\.1)(:\d+)?/[^\s<>\"]{0,1900}")


def marketing_letter(
    contact: UUID,
    *,
    subject: str,
    text: str,
    unsubscribe: str,
    key: str,
    at: datetime,
    customer: UUID | None = None,
) -> UUID:
    """Write a marketing letter by e-mail; the id of the message. `unsubscribe` is the address of the page that ends it:
    it stands at the bottom and in the header List-Unsubscribe (RFC 8058). In the provider's own scope `customer` is
    whose contact person this is: that agreement's term "marketing" decides. Raises MayNotContact, NoSuchContact."""
    if not _ADDRESS.fullmatch(unsubscribe):
        raise ContactRefused(
            "a marketing letter needs the address of the page that ends it", remedy="https://...", field="unsubscribe"
        )
    tools().require_opener()
    held = get(contact).fields
    if not held.emails:
        raise ContactRefused("this contact has no e-mail address", remedy="Write by post.", field="emails")
    decision = _decision(held.emails[0], customer=customer, at=at)
    if not decision.allowed:
        raise MayNotContact(decision.reason, remedy=decision.remedy, clause=decision.clause)
    way_out = _("You receive this because of our relation with you. To receive no more: %s") % unsubscribe
    message = mail.send(
        key=key,
        to=[held.emails[0]],
        subject=subject,
        text=f"{text.rstrip()}\n\n-- \n{way_out}\n",
        purpose=MARKETING,
        clause=decision.clause,
        headers={"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    details = {"contact": str(contact), "message": str(message), "reason": decision.reason}
    leave("marketing.written", clause=decision.clause, at=at, details=details)
    return message


def _decision(address: str, *, customer: UUID | None, at: datetime) -> ContactDecision:
    if tenancy.current().kind != "provider" or customer is None:
        return may_contact(address, purpose=MARKETING, channel="email", at=at)
    right, clause = providers_right(customer)
    reason = _("this customer's agreement lets nobody market to its people") if right == "never" else ""
    return may(address, purpose=MARKETING, channel="email", at=at, right=right, clause=clause, reason=reason)


def providers_right(customer: UUID) -> tuple[Right, str]:
    """What the agreement of `customer` lets the provider write to its contact persons, and the clause that says so."""
    found = tenancy.by_id(customer)
    if found is None:
        return "never", "provider.contacts"
    term = contract.binding_of(found).agreement.terms.marketing
    return term.allowed, term.clause
