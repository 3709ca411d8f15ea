"""Signing: a customer is bound to the very text that it signed, by its SHA-256, until it signs another version.

A policy may change by publication where it says so; everything else changes by agreement only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, cast

from django.db import transaction
from django.utils.translation import gettext as _

from parley.agreement import api as agreements
from parley.agreement.api import Agreement
from parley.foundation.ids import new_id
from parley.governance.contract.errors import AgreementChanged, ContractRefused
from parley.governance.contract.models import SignatureRecord
from parley.governance.contract.order import locked_order
from parley.governance.contract.settling import settle_on_commit, signed_now
from parley.governance.contract.texts import composed, paper
from parley.governance.contract.types import Paper, Signature, Version
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

How = Literal["signed", "published"]


def sign(
    *,
    agreements: Sequence[str | Paper],
    by: str,
    reference: str,
    at: datetime,
    overrides: Mapping[str, str] | None = None,
) -> tuple[Signature, ...]:
    """The customer in scope signs these versions; `by` is the signatory, `reference` the order's.

    Each replaces the version of the same agreement that bound before. `overrides` are spans that the order form sets
    anew ("breach.within": "24 hours"), each within the limits of one of the agreements. What binds already in the
    same way is not signed again. Raises UnknownAgreement, AgreementFileError, OrderFormError, and AgreementChanged for
    a text that differs from the one signed under the same version.
    """
    papers = [paper(one) for one in agreements]
    return _bind(papers, by=by, reference=reference, at=at, overrides=overrides or {}, how="signed")


def sign_at_creation(agreements: Sequence[str], administrator: tenancy.NewUser | None) -> None:
    """How tenancy lets a new customer sign, and where notices go until somebody says otherwise."""
    now = datetime.now(UTC)
    with transaction.atomic():
        if administrator is not None:
            row = locked_order()
            row.notice_addresses = [administrator.email.strip().lower()]
            row.save(update_fields=["notice_addresses"])
        signatory = administrator.name if administrator is not None else tenancy.current().name
        sign(agreements=agreements, by=signatory, reference="at creation", at=now)


def signatures() -> tuple[Signature, ...]:
    """Every version that bound the customer in scope, the newest first."""
    return tuple(_view(row) for row in SignatureRecord.objects.order_by("-signed_at", "-id"))


def publish_policy(policy: str | Paper, *, by: str, at: datetime) -> tuple[str, ...]:
    """A new version of a policy binds every customer that is bound to the policy; returns their handles.

    Outside of any customer's scope. To be called again after a crash: who is bound already is left alone. Raises
    ContractRefused for an agreement that changes only by agreement, and AgreementChanged.
    """
    page = paper(policy)
    held = _read(page)
    if held.takes_effect != "when-published":
        raise ContractRefused(
            f"{held.id} changes only by agreement", remedy="let each customer sign it: parley customer sign"
        )
    keep(page, held, at=at)
    reached = []
    for customer in tenancy.customers():
        mine = next((one for one in customer.standing.signed if one.agreement == held.id), None)
        if mine is None or mine.digest == held.digest:
            continue
        with tenancy.scope(customer):
            _bind([page], by=by, reference="published", at=at, overrides=mine.overrides, how="published")
        reached.append(customer.handle)
    with tenancy.scope(tenancy.provider()), transaction.atomic():
        obligations.evidence(
            kind="policy.published",
            clause=held.terms.instructions.clause,
            details={"agreement": held.id, "version": held.version, "digest": held.digest, "customers": len(reached)},
            at=at,
        )
    return tuple(reached)


def published(agreement: str) -> tuple[Version, ...]:
    """The history of an agreement's versions, the newest first: what was published stays readable by its digest."""
    return tuple(
        Version(agreement=agreement, version=version, digest=digest, at=at)
        for version, digest, at in tenancy.agreement_versions(agreement)
    )


def keep(page: Paper, held: Agreement, *, at: datetime) -> str:
    """Keep the text for ever; its digest. Raises AgreementChanged."""
    try:
        return tenancy.keep_agreement_text(agreement=held.id, version=held.version, text=page.text, at=at)
    except tenancy.AgreementTextRefused as error:
        raise AgreementChanged(
            f"{page.file}: version {held.version} of {held.id} was signed before with another text",
            remedy=error.remedy,
        ) from error


@lru_cache(maxsize=32)
def _read(page: Paper) -> Agreement:
    """The agreement of a text: read once, however many customers sign it. Raises AgreementFileError."""
    return agreements.parse(page.text, file=page.file)


def _bind(
    papers: Sequence[Paper], *, by: str, reference: str, at: datetime, overrides: Mapping[str, str], how: How
) -> tuple[Signature, ...]:
    if not papers:
        raise ContractRefused("no agreement is named", remedy="See: parley agreement list")
    held = [_read(page) for page in papers]
    shares = _shared(held, overrides)
    for page, one in zip(papers, held, strict=True):
        keep(page, one, at=at)
    with transaction.atomic():
        order = locked_order()
        rows = [_replace(one, by=by, reference=reference, at=at, overrides=shares[one.id], how=how) for one in held]
        fresh = [row for row in rows if row.signed_at == at and row.replaced_at is None]
        together = composed(replace(tenancy.standing(), signed=signed_now())).agreement
        for row, one in zip(rows, held, strict=True):
            if row in fresh:
                _leave_evidence(row, one, at=at)
                _tell_published(row, one, order.notice_addresses)
        if fresh:
            _open_duties(together, str(fresh[0].id), at=at, zone=order.zone, for_others=order.processes_for_others)
        if fresh or tenancy.standing().signed != signed_now():
            settle_on_commit(new_id(at=at))
    return tuple(_view(row) for row in rows)


def _replace(
    held: Agreement, *, by: str, reference: str, at: datetime, overrides: Mapping[str, str], how: How
) -> SignatureRecord:
    """The row that binds to this text from now on: the present one when it does so already."""
    before = SignatureRecord.objects.filter(agreement=held.id, replaced_at__isnull=True).first()
    if before is not None and before.digest == held.digest and before.overrides == dict(overrides):
        return before
    if before is not None:
        before.replaced_at = at
        before.save(update_fields=["replaced_at"])
    row = SignatureRecord(
        id=new_id(at=at),
        agreement=held.id,
        version=held.version,
        title=held.title,
        kind=held.kind,
        digest=held.digest,
        how=how,
        signed_by=by,
        reference=reference,
        overrides=dict(overrides),
        signed_at=at,
    )
    row.save(force_insert=True)
    return row


def _shared(held: Sequence[Agreement], overrides: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For each agreement the overrides that it has a limit for. Raises OrderFormError for one that none has."""
    shares: dict[str, dict[str, str]] = {one.id: {} for one in held}
    for term, span in overrides.items():
        takers = [one for one in held if any(limit.term == term for limit in one.terms.limits)]
        for one in takers or held[:1]:
            agreements.override(one, {term: span})
            shares[one.id][term] = span
    return shares


def _leave_evidence(row: SignatureRecord, held: Agreement, *, at: datetime) -> None:
    obligations.evidence(
        kind="agreement.signed" if row.how == "signed" else "agreement.published",
        clause=held.terms.instructions.clause,
        details={
            "signature": str(row.id),
            "agreement": row.agreement,
            "version": row.version,
            "digest": row.digest,
            "overrides": row.overrides,
        },
        at=at,
    )


def _tell_published(row: SignatureRecord, held: Agreement, addresses: Sequence[str]) -> None:
    """Write to the customer that a new version of a policy binds it; nobody asked it to sign."""
    if row.how != "published" or not addresses:
        return
    mail.send(
        key=f"{row.how}:{row.id}",
        to=addresses,
        subject=_("%(title)s, version %(version)s, is in effect") % {"title": held.title, "version": held.version},
        text=_(
            "%(title)s, version %(version)s, took effect for you on %(day)s, as the policy lets it. The version before "
            "stays readable on the page Contract of your console.\n\nSHA-256 of the new text: %(digest)s"
        )
        % {
            "title": held.title,
            "version": held.version,
            "day": row.signed_at.date().isoformat(),
            "digest": held.digest,
        },
        purpose="contract",
        clause=held.terms.instructions.clause,
    )


def _open_duties(agreement: Agreement, event_id: str, *, at: datetime, zone: str, for_others: bool) -> None:
    """What signing obliges to, without what an earlier signature obliges to and is still to be done."""
    awaited = {one.key.rpartition(":")[2] for one in obligations.duties(states=("waiting",), kinds=("duty",))}
    attestations = tuple(one for one in agreement.terms.attestations if f"attest-{one.key}" not in awaited)
    asked = for_others and "warranty" not in awaited
    event = agreements.Event(
        kind="contract-signed", id=event_id, at=at, facts={"as_subprocessor": "yes" if asked else "no"}
    )
    terms = replace(agreement.terms, attestations=attestations)
    obligations.open_duties(replace(agreement, terms=terms), event, zone=zone)


def _view(row: SignatureRecord) -> Signature:
    return Signature(
        id=row.id,
        agreement=row.agreement,
        version=row.version,
        title=row.title,
        kind=row.kind,
        digest=row.digest,
        how=cast(How, row.how),
        by=row.signed_by,
        reference=row.reference,
        at=row.signed_at,
        overrides=MappingProxyType(dict(row.overrides)),
        replaced_at=row.replaced_at,
    )
