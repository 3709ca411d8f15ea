"""Consents with their proof, objections that outlive the contact, and the one question before somebody is contacted."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection, transaction

from parley.contacts import models
from parley.contacts.consent_rules import EVERYTHING, MARKETING, Facts, Right, decide
from parley.contacts.errors import ContactRefused, MayNotContact, NoSuchContact
from parley.contacts.fields import text
from parley.contacts.quick_numbers import canonical_number
from parley.contacts.reading import readings
from parley.contacts.tools import KEEP, keep_epoch, leave, open_detail, require, seal_detail, tools
from parley.contacts.tools import decide as ask
from parley.contacts.types import (
    CHANNELS,
    EMAIL_INDEX,
    NUMBER_INDEX,
    Channel,
    ConsentView,
    ContactDecision,
    Metadata,
    ObjectionView,
    Proof,
)
from parley.contacts.writing import annotate, unknown
from parley.foundation.ids import new_id
from parley.sealing.api import blind_index, epoch_of
from parley.tenancy import api as tenancy

_CAMPAIGNS: Final = "run-campaigns"
_SERVICE: Final = "service"
_OBJECT: Final = """
INSERT INTO contacts_objection (id, field, value, purpose, channel, at, ground) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (value, purpose, channel) DO NOTHING
"""
_WITHDRAW: Final = """
UPDATE contacts_consent n SET withdrawn_at = greatest(%s, given_at) FROM contacts_contact c
WHERE n.contact_id = c.id AND c.addresses && %s::bigint[] AND n.withdrawn_at IS NULL
    AND (%s = '*' OR n.purpose = %s) AND (%s = '*' OR n.channel = %s)
"""
_CONTACTS: Final = """
SELECT c.id, c.minor FROM contacts_contact c WHERE c.addresses && %s::bigint[]
"""


def partners() -> tuple[str, ...]:
    """Who may receive contacts that agreed to that very partner."""
    return tuple(models.Partner.objects.order_by("name").values_list("name", flat=True))


def list_partner(name: str, *, at: datetime, by: str) -> None:
    """Add a partner to the list. Raises ContactRefused."""
    named, clause = text(name, field="partner", longest=200), require(KEEP, at=at)
    if not named:
        raise ContactRefused("a partner needs a name", remedy="Give it one.", field="partner")
    with transaction.atomic():
        _, made = models.Partner.objects.get_or_create(name=named, defaults={"listed_at": at})
        if made:
            leave("partner.listed", clause=clause, at=at, details={"partner": named, "by": by})


def consent(
    contact: UUID, purpose: str, channel: Channel, *, given_at: datetime, proof: Proof, partner: str = ""
) -> UUID:
    """Write down a consent with its proof (GDPR Art. 7(1)). Raises NoSuchContact, ContactRefused, GateRefused."""
    _check(purpose, channel)
    if channel == EVERYTHING:
        raise ContactRefused("consent names one channel", remedy="Write one down for each.", field="channel")
    if not proof.how.strip() or not proof.text_version.strip():
        raise ContactRefused(
            "a consent needs its proof: how it was given, and to which words", remedy="Say both.", field="proof"
        )
    if partner and partner not in partners():
        raise ContactRefused("this partner is not on the list", remedy="List it first.", field="partner")
    clause, consent_id = require(KEEP, at=given_at), new_id(at=given_at)
    sealed = seal_detail(json.dumps([proof.how, proof.text_version, proof.by, proof.detail]), place=_place(consent_id))
    with transaction.atomic():
        if not models.Contact.objects.filter(id=contact).select_for_update().exists():
            raise unknown()
        keep_epoch(sealed)
        models.Consent.objects.create(
            id=consent_id, contact_id=contact, purpose=purpose, channel=channel, partner=partner, given_at=given_at,
            epoch_id=epoch_of(sealed.data), sealed=sealed.data,
        )  # fmt: skip
        details = {"consent": str(consent_id), "purpose": purpose, "channel": channel}
        leave("consent.given", clause=clause, at=given_at, details=details)
    return consent_id


def withdraw_consent(consent_id: UUID, *, by: str, at: datetime) -> None:
    """It no longer holds from `at` on (GDPR Art. 7(3)). Idempotent. Raises NoSuchContact."""
    clause = ask(KEEP, at=at).clause
    with transaction.atomic():
        row = models.Consent.objects.select_for_update().filter(id=consent_id).first()
        if row is None:
            raise NoSuchContact("there is no such consent", remedy="Load the contact again.")
        if row.withdrawn_at is None:
            row.withdrawn_at = max(at, row.given_at)
            row.save(update_fields=["withdrawn_at"])
            leave("consent.withdrawn", clause=clause or "GDPR", at=at, details={"consent": str(consent_id), "by": by})


def consents(contact: UUID) -> tuple[ConsentView, ...]:
    """All that were written down for a contact, newest first, withdrawn ones too."""
    found = models.Consent.objects.filter(contact_id=contact).select_related("epoch").order_by("-given_at", "-id")
    return tuple(consent_view(row) for row in found)


def consent_view(row: models.Consent) -> ConsentView:
    """A consent as others see it, its proof opened where that is possible."""
    clear = open_detail(row.sealed, row.epoch.wrapped, place=_place(row.id))
    how, version, by, detail = json.loads(clear) if clear is not None else ("", "", "", "")
    return ConsentView(
        id=row.id,
        contact_id=row.contact_id,
        purpose=row.purpose,
        channel=cast(Channel, row.channel),
        partner=row.partner,
        given_at=row.given_at,
        withdrawn_at=row.withdrawn_at,
        proof=Proof(how=how, text_version=version, by=by, detail=detail),
        sealed=clear is None,
    )


def object_(
    *,
    numbers: Sequence[str] = (),
    emails: Sequence[str] = (),
    purpose: str = MARKETING,
    channel: Channel = "*",
    ground: str = "objection",
    by: str,
    at: datetime,
) -> int:
    """The person objects (GDPR Art. 21(2)): from now on it must not be contacted for `purpose` ("*": for anything) by
    that channel, whether there is a contact or not, and after it was erased. Withdraws matching consents. How many
    entries are new. `ground`: "objection", "unsubscribed", "bounced", a word. It is never refused by a gate."""
    _check(purpose, channel)
    clause = ask(KEEP, at=at).clause
    indexes = indexes_of(numbers=numbers, emails=emails)
    new = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for field, value in indexes:
            cursor.execute(_OBJECT, [new_id(at=at), field, value, purpose, channel, at, text(ground, field="ground")])
            new += int(cursor.rowcount)
        cursor.execute(_WITHDRAW, [at, [token_of(value) for _, value in indexes], purpose, purpose, channel, channel])
        withdrawn = int(cursor.rowcount)
        if new or withdrawn:
            details = {"purpose": purpose, "channel": channel, "entries": new, "withdrawn": withdrawn, "by": by}
            leave("objection.kept", clause=clause or "GDPR", at=at, details=details)
    return new


def lift_objection(*, number: str = "", email: str = "", purpose: str = MARKETING, by: str, at: datetime) -> int:
    """The person asks to be contacted again: its entries for `purpose` go; how many there were."""
    clause = ask(KEEP, at=at).clause
    values = [value for _, value in indexes_of(numbers=[number] if number else [], emails=[email] if email else [])]
    with transaction.atomic():
        gone = models.Objection.objects.filter(value__in=values, purpose=purpose).delete()[0]
        if gone:
            details = {"purpose": purpose, "entries": gone, "by": by}
            leave("objection.lifted", clause=clause or "GDPR", at=at, details=details)
    return gone


def objections(*, number: str = "", email: str = "") -> tuple[ObjectionView, ...]:
    """What a person objected to, newest first."""
    return objections_of(indexes_of(numbers=[number] if number else [], emails=[email] if email else []))


def objections_of(indexes: Sequence[tuple[str, bytes]]) -> tuple[ObjectionView, ...]:
    """The entries of these blind indexes, newest first."""
    found = models.Objection.objects.filter(value__in=[value for _, value in indexes]).order_by("-at", "-id")
    return tuple(
        ObjectionView(
            id=row.id, field=cast(Any, row.field), purpose=row.purpose, channel=cast(Channel, row.channel), at=row.at,
            ground=row.ground,
        )
        for row in found
    )  # fmt: skip


def may_contact(
    address_or_number: str, *, purpose: str, channel: Channel, at: datetime, partner: str = ""
) -> ContactDecision:
    """May this person be written to or called for `purpose` ("marketing", or a purpose of consent) by that channel?
    Objections, minors, the agreement, consent, in this order. With `partner`: may data go to it?"""
    right, clause, reason = _customers_right(purpose, at=at)
    return may(
        address_or_number, purpose=purpose, channel=channel, at=at, partner=partner, right=right, clause=clause,
        reason=reason,
    )  # fmt: skip


def may(
    address_or_number: str,
    *,
    purpose: str,
    channel: Channel,
    at: datetime,
    right: Right,
    clause: str,
    reason: str,
    partner: str = "",
) -> ContactDecision:
    """As `may_contact`, where it was found out already what the agreement lets."""
    _check(purpose, channel)
    indexes = _of(address_or_number)
    reaching = [
        one.ground
        for one in objections_of(indexes)
        if one.purpose in (purpose, EVERYTHING) and one.channel in (channel, EVERYTHING) and one.at <= at
    ]
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, [[token_of(value) for _, value in indexes]])
        found = cursor.fetchall()
    minor = ask(KEEP, at=at, minors=True) if any(row[1] for row in found) else None
    held = models.Consent.objects.filter(
        contact_id__in=[row[0] for row in found], purpose=purpose, channel=channel, given_at__lte=at
    ).exclude(withdrawn_at__lte=at)
    return decide(
        Facts(
            purpose=purpose,
            objections=reaching,
            minor_refusal=minor.reason if minor is not None and not minor.allowed else "",
            minor_clause=minor.clause if minor is not None else "",
            right=right,
            right_clause=clause,
            right_reason=reason,
            partner=partner,
            partner_listed=bool(partner) and partner in partners(),
            consents=frozenset(held.values_list("partner", flat=True)),
        )
    )


def share(contacts: Sequence[UUID], *, partner: str, purpose: str, by: str, at: datetime) -> int:
    """Note that contacts were handed to a listed partner; refuses them all when one did not agree to that partner.
    Raises MayNotContact, NoSuchContact, SealedToCustomer."""
    right, clause, reason = _customers_right(purpose, at=at)
    with transaction.atomic():
        for contact in contacts:
            decision = _may_share(contact, partner, purpose, at=at, right=right, clause=clause, reason=reason)
            if not decision.allowed:
                raise MayNotContact(decision.reason, remedy=decision.remedy, clause=decision.clause)
            held = _read(contact)
            annotate(contact, Metadata(shared_with=(*held.shared_with, partner)), by=by, at=at)
        details = {"partner": partner, "purpose": purpose, "contacts": len(contacts), "by": by}
        leave("contacts.shared", clause=clause or "GDPR", at=at, details=details)
    return len(contacts)


def _may_share(
    contact: UUID, partner: str, purpose: str, *, at: datetime, right: Right, clause: str, reason: str
) -> ContactDecision:
    held = _read(contact)
    known = [*held.emails, *(one.value for one in held.numbers)]
    indexes = [index for one in known for index in _of(one)]
    reaching = [one.ground for one in objections_of(indexes) if one.purpose in (purpose, EVERYTHING) and one.at <= at]
    agreed = models.Consent.objects.filter(contact_id=contact, purpose=purpose, given_at__lte=at).exclude(
        withdrawn_at__lte=at
    )
    minor = ask(KEEP, at=at, minors=True) if held.minor else None
    return decide(
        Facts(
            purpose=purpose, objections=reaching, right=right, right_clause=clause, right_reason=reason,
            minor_refusal=minor.reason if minor is not None and not minor.allowed else "",
            minor_clause=minor.clause if minor is not None else "",
            partner=partner, partner_listed=partner in partners(),
            consents=frozenset(agreed.values_list("partner", flat=True)),
        )
    )  # fmt: skip


def _read(contact: UUID) -> Any:
    from parley.contacts.reading import get

    tools().require_opener()
    return get(contact).fields


def _customers_right(purpose: str, *, at: datetime) -> tuple[Right, str, str]:
    """What the customer in scope may do with its contacts. Service messages need no consent, but heed objections."""
    if purpose == _SERVICE:
        decision = ask(KEEP, at=at)
        return ("as-controller" if decision.allowed else "never"), decision.clause, decision.reason
    if tenancy.current().kind == "provider":
        return "with-consent", "provider.contacts", ""
    decision = ask(_CAMPAIGNS, at=at)
    return ("instructed" if decision.allowed else "never"), decision.clause, decision.reason


def _of(address_or_number: str) -> list[tuple[str, bytes]]:
    if "@" in address_or_number:
        return indexes_of(emails=[address_or_number])
    return indexes_of(numbers=readings(address_or_number))


def indexes_of(*, numbers: Sequence[str] = (), emails: Sequence[str] = ()) -> list[tuple[str, bytes]]:
    made = tools().tokeniser
    given = {canonical_number(one) for one in numbers if one.strip()}
    for number in numbers:
        given |= set(readings(number))
    found = [
        (NUMBER_INDEX, blind_index(made.number_key, field=NUMBER_INDEX, value=one)) for one in sorted(given) if one
    ]
    addresses = sorted({one.strip().lower() for one in emails if one.strip()})
    return found + [(EMAIL_INDEX, blind_index(made.email_key, field=EMAIL_INDEX, value=one)) for one in addresses]


def token_of(index: bytes) -> int:
    """The number by which contacts with this blind index are found."""
    return int.from_bytes(index[1:9], "big", signed=True)


def _place(consent_id: UUID) -> bytes:
    return b"consent:" + consent_id.bytes


def _check(purpose: str, channel: str) -> None:
    if channel not in CHANNELS:
        raise ContactRefused("there is no such channel", remedy=", ".join(CHANNELS), field="channel")
    if not purpose.strip() or len(purpose) > 64:
        raise ContactRefused("a purpose is a word", remedy='Write "marketing".', field="purpose")
