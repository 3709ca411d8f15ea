"""Keys of the customer in scope: rotation, loss and compromise declared, recovery drills. Each leaves evidence.

Rotation replaces the recipients that new content is sealed to; what was sealed before stays readable with the former
keys, which the provider keeps where it holds any. Index keys are not rotated: every stored index would have to be made
anew from the numbers themselves, and where the customer holds its keys no machine of ours can read them.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from django.db import transaction

from parley.foundation.ids import new_id
from parley.governance.access.errors import AccessFormError, NoSuchAccess, WrongMoment
from parley.governance.access.models import Challenge, KeyEvent
from parley.governance.access.rules import MOST_TEXT, consequence
from parley.governance.access.types import ChallengeView, KeyEventView, KeyHappening, Party
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.sealing.api import SealingError, open_bytes, seal_bytes
from parley.tenancy import api as tenancy

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def rotate_keys(
    *, recipients: Sequence[str] = (), by: UUID, party: Party, at: datetime, note: str = ""
) -> KeyEventView:
    """Seal new content to new keys from now on.

    Where the provider keeps the keys a fresh one is made and the former ones are kept for reading; where the customer
    holds them, it names its new `recipients`. Raises AccessFormError, KeysUnavailable.
    """
    customer = tenancy.current()
    try:
        after = tenancy.rotate_keys(customer, recipients=tuple(recipients))
    except tenancy.CustomerRefused as error:
        raise AccessFormError(str(error.args[0]), field="recipients", remedy=error.remedy) from error
    return _happened("rotated", before=customer.recipients, after=after, by=by, party=party, at=at, note=note)


def declare(
    *, what: KeyHappening, concerned: Sequence[str], by: UUID, party: Party, at: datetime, copies: bool = False,
    note: str = "",
) -> KeyEventView:  # fmt: skip
    """Declare that keys were lost, got into other hands, or are at hand again; the answer says what that means.

    `concerned` are recipients of the customer; `copies`: a backup of the keyring exists. Raises AccessFormError.
    """
    customer = tenancy.current()
    if what not in ("loss", "compromise", "recovered"):
        raise AccessFormError("this is nothing that is declared", field="what")
    known = {*customer.recipients, *_former()}
    if not concerned or not set(concerned) <= known:
        raise AccessFormError(
            "a declaration names the keys that it is about", field="concerned", remedy="Choose at least one key."
        )
    return _happened(
        what, before=customer.recipients, after=customer.recipients, concerned=tuple(concerned), by=by, party=party,
        at=at, note=note, copies=copies,
    )  # fmt: skip


def drill(*, by: UUID, party: Party, at: datetime) -> KeyEventView:
    """A recovery drill where the provider keeps the keys: read the keyring file anew, and open what is freshly sealed.

    Raises AccessFormError where the customer holds its keys: then `challenge` and `answer` are the drill.
    """
    customer = tenancy.current()
    if customer.custody == "customer-held":
        raise AccessFormError("only the customer can show that its keys open", field="what")
    probe = secrets.token_bytes(32)
    try:
        sealed = seal_bytes(probe, customer.recipients)
        opened = open_bytes(sealed, tenancy.keyring().identities(customer)) == probe
    except (SealingError, tenancy.KeysUnavailable):
        opened = False
    what: KeyHappening = "drill-passed" if opened else "drill-failed"
    return _happened(
        what, before=customer.recipients, after=customer.recipients, concerned=customer.recipients, by=by,
        party=party, at=at,
    )  # fmt: skip


def challenge(*, recipient: str, at: datetime) -> ChallengeView:
    """A fresh word sealed to one of the customer's recipients. Raises AccessFormError for a recipient of nobody."""
    if recipient not in tenancy.current().recipients:
        raise AccessFormError("this key is not one of yours", field="recipient", remedy="Choose one of the list.")
    word = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    row = Challenge.objects.create(
        id=new_id(at=at),
        recipient=recipient,
        sealed=seal_bytes(word.encode(), (recipient,)),
        digest=hashlib.sha256(word.encode()).hexdigest(),
        made_at=at,
    )
    return _challenge(row)


def sealed_word(challenge_id: UUID) -> bytes:
    """The age file of a challenge, for whoever has the key. Raises NoSuchAccess."""
    row = Challenge.objects.filter(id=challenge_id).first()
    if row is None:
        raise NoSuchAccess("there is no such drill")
    return bytes(row.sealed)


def challenges(*, limit: int = 10) -> list[ChallengeView]:
    """The newest drills that wait for their word."""
    return [_challenge(row) for row in Challenge.objects.filter(answered_at=None).order_by("-id")[:limit]]


def answer(challenge_id: UUID, *, word: str, by: UUID, at: datetime) -> KeyEventView:
    """The customer says the word: the drill passes, or fails and may be answered again. Raises NoSuchAccess,
    WrongMoment."""
    with transaction.atomic():
        row = Challenge.objects.select_for_update().filter(id=challenge_id).first()
        if row is None:
            raise NoSuchAccess("there is no such drill")
        if row.answered_at is not None:
            raise WrongMoment("this drill was answered already", remedy="Begin another.")
        digest = hashlib.sha256(word.strip().encode()).hexdigest()
        passed = secrets.compare_digest(digest, row.digest)
        if passed:
            row.answered_at = at
            row.save(update_fields=["answered_at"])
        recipients = tenancy.current().recipients
        return _happened(
            "drill-passed" if passed else "drill-failed", before=recipients, after=recipients,
            concerned=(row.recipient,), by=by, party="customer", at=at,
        )  # fmt: skip


def key_events(*, limit: int = 50) -> list[KeyEventView]:
    """What happened to the keys of the customer in scope, newest first."""
    return [_view(row) for row in KeyEvent.objects.order_by("-id")[:limit]]


def last_rotation() -> KeyEventView | None:
    """When content began to be sealed to the present keys; None while the first are in use."""
    row = KeyEvent.objects.filter(what="rotated").order_by("-id").first()
    return _view(row) if row else None


def former_keys() -> tuple[str, ...]:
    """Recipients of earlier content that new content is not sealed to any more, oldest first."""
    return tuple(one for one in _former() if one not in tenancy.current().recipients)


def _former() -> tuple[str, ...]:
    found = KeyEvent.objects.filter(what="rotated").order_by("id").values_list("before", flat=True)
    return tuple(dict.fromkeys(recipient for before in found for recipient in before))


def _happened(
    what: KeyHappening,
    *,
    before: Sequence[str],
    after: Sequence[str],
    by: UUID,
    party: Party,
    at: datetime,
    concerned: Sequence[str] = (),
    note: str = "",
    copies: bool = False,
) -> KeyEventView:
    if len(note) > MOST_TEXT:
        raise AccessFormError("the note is too long", field="note", remedy=f"At most {MOST_TEXT} characters.")
    customer = tenancy.current()
    row = KeyEvent(
        id=new_id(at=at),
        what=what,
        at=at,
        by=by,
        party=party,
        before=list(before),
        after=list(after),
        concerned=list(concerned),
        consequence=consequence(what, custody=customer.custody, concerned=concerned, recipients=after, copies=copies),
        note=note.strip(),
    )
    with transaction.atomic():
        row.save(force_insert=True)
        obligations.evidence(
            kind=f"key.{what}",
            clause=contract.binding().agreement.terms.encryption.clause,
            details={
                "event": str(row.id),
                "user": str(by),
                "party": party,
                "custody": customer.custody,
                "keys_before": [_short(one) for one in before],
                "keys_after": [_short(one) for one in after],
                "keys_concerned": [_short(one) for one in concerned],
            },
            at=at,
        )
    return _view(row)


def _short(recipient: str) -> str:
    """A recipient as the log names it: its SHA-256, from which nobody seals, yet which everybody can compare."""
    return hashlib.sha256(recipient.encode()).hexdigest()


def _challenge(row: Challenge) -> ChallengeView:
    return ChallengeView(id=row.id, recipient=row.recipient, made_at=row.made_at, answered_at=row.answered_at)


def _view(row: KeyEvent) -> KeyEventView:
    return KeyEventView(
        id=row.id,
        what=cast(KeyHappening, row.what),
        at=row.at,
        by=row.by,
        party=cast(Party, row.party),
        before=tuple(row.before),
        after=tuple(row.after),
        concerned=tuple(row.concerned),
        consequence=row.consequence,
        note=row.note,
    )
