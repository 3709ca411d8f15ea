"""Authorisations other than by a planned change: what the register listed at signing, and affiliates on request."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from parley.agreement import api as agreements
from parley.governance.contract import api as contract
from parley.governance.subprocessors import egress, register
from parley.governance.subprocessors.errors import ChangeRefused
from parley.governance.subprocessors.models import Authorisation, PlannedChange, RegisterVersion
from parley.governance.subprocessors.types import AuthorisationView, Entry, entry_from_json
from parley.obligations import api as obligations


def authorise_listed() -> tuple[str, ...]:
    """What the register listed when the customer in scope signed is authorised from its signature on; the new keys.

    An entry that was still planned then is authorised from its start. Affiliates wait for a request where the
    agreement says so; what was announced to the customer goes by its windows alone. Doing it again changes nothing.
    """
    signed = sorted(one.at for one in contract.signatures() if one.how == "signed")
    if not signed:
        return ()
    agreement = contract.binding().agreement
    with transaction.atomic():
        added = [key for at in signed for key in _authorise(at, agreement)]
    if added:
        egress.settle()
    return tuple(added)


def _authorise(signed_at: datetime, agreement: agreements.Agreement) -> list[str]:
    """Authorise what stood in the register at `signed_at` and was not decided otherwise."""
    row = RegisterVersion.objects.filter(published_at__lte=signed_at).order_by("-number").first()
    if row is None:
        return []
    decided = {
        *Authorisation.objects.values_list("key", flat=True),
        *PlannedChange.objects.values_list("key", flat=True),
    }
    on_request = agreement.terms.subprocessors.authorisation == "on-request"
    listed = [entry_from_json(raw) for raw in row.entries]
    clause = authorisation_clause(agreement)
    rows = [
        Authorisation(
            key=entry.key,
            basis="signature",
            clause=clause,
            since=max(signed_at, entry.starts_on or signed_at),
            register_version=row.number,
        )
        for entry in listed
        if entry.key not in decided and not (on_request and entry.affiliate)
    ]
    made = Authorisation.objects.bulk_create(rows, ignore_conflicts=True)
    if made:
        obligations.evidence(
            kind="subprocessor.authorised",
            clause=clause,
            details={"keys": [one.key for one in made], "register_version": row.number, "sha256": row.digest},
            at=signed_at,
        )
    return [one.key for one in made]


def request_affiliate(key: str, *, by: UUID, at: datetime) -> AuthorisationView:
    """The customer asks that a company of the provider's group receives its data. Raises ChangeRefused.

    Only where its agreement lets affiliates in on request; elsewhere they are announced like anybody else.
    """
    agreement = contract.binding().agreement
    term, entry = agreement.terms.subprocessors, register.entry(key)
    if entry is None or entry.status == "ended" or not entry.affiliate or term.authorisation != "on-request":
        raise ChangeRefused("there is nothing to request here", remedy="See the register of sub-processors.")
    with transaction.atomic():
        Authorisation.objects.update_or_create(
            key=key,
            defaults={
                "basis": "request",
                "clause": term.clause,
                "since": _from(entry, at),
                "by": by,
                "register_version": _version_now(),
                "ended_at": None,
            },
        )
        _leave("subprocessor.requested", term.clause, key=key, by=by, at=at)
        egress.settle_later(key=f"{key}:requested:{at.isoformat()}", at=at)
    return authorisations()[key]


def revoke_request(key: str, *, by: UUID, at: datetime) -> None:
    """The customer takes its request back: nothing more goes there from this instant. Raises ChangeRefused."""
    with transaction.atomic():
        row = Authorisation.objects.select_for_update().filter(key=key, basis="request", ended_at=None).first()
        if row is None:
            raise ChangeRefused("you have not requested it", remedy="See the register of sub-processors.")
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        _leave("subprocessor.request-revoked", row.clause, key=key, by=by, at=at)
        egress.close_now(key)
        egress.settle_later(key=f"{key}:revoked:{at.isoformat()}", at=at)


def authorisations() -> dict[str, AuthorisationView]:
    """What the customer in scope authorised by signing or on request, by key."""
    return {
        row.key: AuthorisationView(key=row.key, basis=row.basis, clause=row.clause, since=row.since)  # type: ignore[arg-type]
        for row in Authorisation.objects.filter(ended_at=None)
    }


def may_receive(
    key: str, purpose: str, *, at: datetime, offering: str = agreements.CALL_RECORDING, region: str | None = None
) -> agreements.Decision:
    """The gate's decision on sending data of the customer in scope to a sub-processor for `purpose`.

    Refused besides where the register does not state the purpose: the authorisation reaches no further.
    """
    entry = register.entry(key)
    if entry is not None and purpose not in entry.purposes:
        clause = authorisation_clause(contract.binding().agreement)
        return agreements.Decision(
            allowed=False,
            clause=clause,
            reason=f'the register does not state "{purpose}" as a purpose of "{key}"',
            remedy="announce it as a replacement, with the purposes that it shall have",
        )
    return contract.ask(purpose, at=at, offering=offering, region=region, recipient=key)


def authorisation_clause(agreement: agreements.Agreement) -> str:
    """The clause by which signing authorises what is listed; the one on changes where none says so."""
    named = (clause for clause in agreement.clauses if clause.endswith(".authorisation"))
    return next(named, agreement.terms.subprocessors.clause)


def _from(entry: Entry, at: datetime) -> datetime:
    return max(at, entry.starts_on) if entry.status == "planned" and entry.starts_on else at


def _version_now() -> int:
    newest = register.latest()
    return newest.number if newest else 0


def _leave(kind: str, clause: str, *, key: str, by: UUID, at: datetime) -> None:
    obligations.evidence(kind=kind, clause=clause, details={"key": key, "user": str(by)}, at=at)
