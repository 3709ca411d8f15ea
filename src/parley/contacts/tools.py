"""What each deed with contacts needs: keys, the gate's answer, evidence.

Keys of a customer are read from its keyring and kept for half a minute, the gate's answer for a second and only while
the scope's standing is the same: a caller who waits for an answer does not wait for files and for the provider's
database.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from parley.agreement.api import Decision, Standing
from parley.contacts.errors import GateRefused, SealedToCustomer
from parley.contacts.fields import from_bytes, to_bytes
from parley.contacts.tokens import Tokeniser
from parley.contacts.types import AAD, EMAIL_INDEX, NUMBER_INDEX, OFFERING, NewContact
from parley.governance.contract import api as contract
from parley.ledger import api as ledger
from parley.sealing.api import FieldOpener, FieldSealer, Readable, SealedField, epoch_of
from parley.tenancy import api as tenancy

KEEP: Final = "keep-contacts"
_OFFERINGS: Final = {"run-campaigns": "campaigns", "share-audiences": "audiences"}
"""Purposes of other offerings that are done with contacts."""
OWN_CLAUSE: Final = "provider.contacts"
"""What the provider's own log names: for its own contact persons it is bound by the law, not by an agreement."""
_SEARCH_INDEX: Final = "contacts-search"
_KEPT_SECONDS: Final = 30.0
_ANSWER_SECONDS: Final = 1.0
_WAKE: Final = timedelta(seconds=1)
_MOST: Final = 256


@dataclass(frozen=True)
class Tools:
    """The keys of one customer, made ready. `opener` is None where only the customer can open."""

    tokeniser: Tokeniser
    sealer: FieldSealer = field(repr=False)
    opener: FieldOpener | None = field(repr=False)
    until: float = 0.0
    epochs: set[UUID] = field(default_factory=set, repr=False)
    wrapped: dict[bytes, bytes] = field(default_factory=dict, repr=False)

    def seal(self, contact: UUID, new: NewContact) -> SealedField:
        """The fields of a contact, for its own row."""
        return self.sealer.seal(to_bytes(new), aad=aad(contact), now=time.time())

    def open(
        self, contact: UUID, sealed: bytes, wrapped: bytes, *, minor: bool = False, keep_until: datetime | None = None
    ) -> NewContact:
        """The fields of a contact. Raises SealingError when the row was altered, SealedToCustomer."""
        clear = self.require_opener().open_column(bytes(sealed), wrapped=wrapped, aad=aad(contact))
        return from_bytes(clear, minor=minor, keep_until=keep_until)

    def require_opener(self) -> FieldOpener:
        """Raises SealedToCustomer where only the customer can open."""
        if self.opener is None:
            raise SealedToCustomer(
                "these contacts are sealed to the customer's own key", remedy="Export them and open them there."
            )
        return self.opener


@dataclass(frozen=True, slots=True)
class _Answer:
    standing: Standing
    at: datetime
    until: float
    decision: Decision


_tools: dict[tuple[UUID, tuple[str, ...]], Tools] = {}
_sealers: dict[tuple[UUID, tuple[str, ...]], FieldSealer] = {}
_answers: dict[tuple[UUID, str, bool, str], _Answer] = {}


def aad(contact: UUID) -> bytes:
    """What binds sealed fields to their row."""
    return AAD + contact.bytes


def tools() -> Tools:
    """Those of the customer in scope."""
    customer = tenancy.current()
    key, now = (customer.id, customer.recipients), time.monotonic()
    held = _tools.get(key)
    if held is not None and now < held.until:
        return held
    for old in [one for one, tool in _tools.copy().items() if tool.until <= now]:
        _tools.pop(old, None)
    if len(_sealers) > _MOST:
        _sealers.clear()
    keyring = tenancy.keyring()
    identities = keyring.identities(customer)
    made = _tools[key] = Tools(
        tokeniser=Tokeniser(
            key=keyring.index_key(customer, _SEARCH_INDEX),
            number_key=keyring.index_key(customer, NUMBER_INDEX),
            email_key=keyring.index_key(customer, EMAIL_INDEX),
        ),
        sealer=_sealers.setdefault(key, FieldSealer(customer.recipients)),
        opener=FieldOpener(identities) if identities else None,
        until=now + _KEPT_SECONDS,
    )
    return made


def decide(purpose: str, *, at: datetime, minors: bool = False, citizenship: str = "") -> Decision:
    """The gate's decision for the customer in scope; in the provider's own scope there is no agreement to ask."""
    customer = tenancy.current()
    if customer.kind == "provider":
        return Decision(allowed=True, clause=OWN_CLAUSE, reason="the provider's own contact persons")
    key, now = (customer.id, purpose, minors, citizenship), time.monotonic()
    held = _answers.get(key)
    if held is not None and held.standing is customer.standing and now < held.until and abs(at - held.at) < _WAKE:
        return held.decision
    decision = contract.ask(
        purpose,
        at=at,
        offering=_OFFERINGS.get(purpose, OFFERING),
        minors=minors,
        citizens=frozenset({citizenship}) if citizenship else frozenset(),
    )
    if len(_answers) > _MOST:
        _answers.clear()
    _answers[key] = _Answer(standing=customer.standing, at=at, until=now + _ANSWER_SECONDS, decision=decision)
    return decision


def require(purpose: str, *, at: datetime, minors: bool = False, citizenship: str = "") -> str:
    """The clause that lets it happen. Raises GateRefused."""
    decision = decide(purpose, at=at, minors=minors, citizenship=citizenship)
    if not decision.allowed:
        raise GateRefused(decision.reason, remedy=decision.remedy or "", clause=decision.clause)
    return decision.clause


def leave(kind: str, *, clause: str, at: datetime, details: Mapping[str, Any], entry_id: UUID | None = None) -> UUID:
    """Evidence in the caller's transaction; the sequencer is woken at most once a second."""
    recorded = ledger.record(tenancy.Later(), kind=kind, clause=clause, details=details, at=at, entry_id=entry_id)
    customer_id = tenancy.current().id
    transaction.on_commit(lambda: tenancy.wake_soon(customer_id, "ledger"), robust=True)
    return recorded


def seal_detail(detail: str, *, place: bytes) -> SealedField:
    """A small text for the row that `place` names."""
    return tools().sealer.seal(detail.encode(), aad=place, now=time.time())


def open_detail(sealed: Readable, wrapped: Readable, *, place: bytes) -> str | None:
    """The text, None where only the customer can open it."""
    opener = tools().opener
    if opener is None:
        return None
    return opener.open_column(bytes(sealed), wrapped=bytes(wrapped), aad=place).decode()


def keep_epoch(sealed: SealedField) -> None:
    """See to it that the row of the epoch's key is there, in the caller's transaction."""
    known = tools().epochs
    epoch = epoch_of(sealed.data)
    if epoch in known:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_epoch (id, wrapped) VALUES (%s, %s) ON CONFLICT (id) DO NOTHING",
            [epoch, sealed.wrapped],
        )
    transaction.on_commit(lambda: known.add(epoch))
