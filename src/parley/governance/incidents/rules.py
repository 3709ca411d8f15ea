"""What may be declared, and whom it touches. Pure: time, customers and counts are arguments."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from parley.governance.incidents.errors import IncidentRefused
from parley.governance.incidents.types import KINDS, ContactPoint, Criteria, Knowledge, Why

TITLE_AT_MOST: Final = 120
WORDS_AT_MOST: Final = 10_000


def check_declaration(
    *, title: str, kind: str, known_at: datetime, now: datetime, knowledge: Knowledge, contact: ContactPoint
) -> None:
    """Raises IncidentRefused, naming the field, for a declaration that could not become a notice of Art. 33(3)."""
    if not title.strip() or len(title) > TITLE_AT_MOST or not title.isprintable():
        raise IncidentRefused(
            _("The title is missing, longer than %(most)d characters or on several lines.") % {"most": TITLE_AT_MOST},
            remedy=_("Say in a few words what happened."),
            field="title",
        )
    if kind not in KINDS:
        raise IncidentRefused(_("This is not a kind of breach."), remedy=_("Choose one."), field="kind")
    if known_at.tzinfo is None or known_at > now:
        raise IncidentRefused(
            _("Staff cannot first have known in the future."),
            remedy=_("Give the time at which somebody on the staff first knew: every clock starts there."),
            field="known_at",
        )
    if not contact.name.strip() or "@" not in contact.email or not f"{contact.name}{contact.email}".isprintable():
        raise IncidentRefused(
            _("A contact point with a name and an e-mail address is missing."),
            remedy=_("Name who answers questions about this incident (GDPR Art. 33(3)(b))."),
            field="contact_name" if not contact.name.strip() else "contact_email",
        )
    check_knowledge(knowledge)


def check_knowledge(knowledge: Knowledge) -> None:
    """Raises IncidentRefused when one of the parts of Art. 33(3) is missing or far too long."""
    for field, what in (
        ("nature", _("what happened")),
        ("consequences", _("the likely consequences")),
        ("measures", _("the measures taken or proposed")),
    ):
        if not getattr(knowledge, field).strip():
            raise IncidentRefused(
                _("The notice does not say %(what)s.") % {"what": what},
                remedy=_("Write what is known now, or that it is not known yet."),
                field=field,
            )
    for field in ("nature", "consequences", "measures", "unknown", "news"):
        if len(getattr(knowledge, field)) > WORDS_AT_MOST:
            raise IncidentRefused(
                _("This is longer than %(most)d characters.") % {"most": WORDS_AT_MOST},
                remedy=_("Say it shorter."),
                field=field,
            )


def check_criteria(criteria: Criteria, *, handles: Collection[str]) -> None:
    """Raises IncidentRefused for a time that ends before it starts, or a customer that does not exist."""
    if criteria.since and criteria.until and criteria.since >= criteria.until:
        raise IncidentRefused(
            _("The time of the data ends before it starts."), remedy=_("Correct one of the two."), field="until"
        )
    unknown = sorted(set(criteria.customers) - set(handles))
    if unknown:
        raise IncidentRefused(
            _("There is no customer %(handle)s.") % {"handle": unknown[0]},
            remedy=_("Give the handles of customers, separated by spaces."),
            field="customers",
        )


def excluded(
    criteria: Criteria, *, handle: str, region: str, recipients: Mapping[str, datetime], now: datetime
) -> Why | None:
    """Why a customer cannot be affected, before its data is counted; None when it may be."""
    if criteria.customers and handle not in criteria.customers:
        return "not-named"
    if criteria.regions and not any(region == one or region.startswith(f"{one}-") for one in criteria.regions):
        return "other-region"
    if criteria.recipient:
        opened = recipients.get(criteria.recipient)
        if opened is None or opened >= (criteria.until or now):
            return "other-recipient"
    return None


def touched(criteria: Criteria, *, handle: str, records: int) -> Why:
    """Whether a customer that may be affected is: by what was counted, or because it was named."""
    if records:
        return "affected"
    return "named" if handle in criteria.customers else "nothing-found"
