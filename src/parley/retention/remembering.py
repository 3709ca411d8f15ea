"""Holds and restrictions outlive the database that they lie in: a restored backup of before has them again.

Each is noted in the provider's database, as it stands, when it is placed, changed or lifted; the note is closed with a
key of the customer's keyring, and beside it are ids and an instant. A note of something placed is laid before the deed
commits, so that no crash loses it; one of something lifted after. Either errs towards rest; `reconcile_notes` looks
each night. Like tombstones, notes are needed until every backup is younger than they are.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models as fields
from django.db import transaction

from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.retention.models import HeldRecord, Hold, Noted, Restriction, SealingEpoch
from parley.tenancy import api as tenancy

_MARGIN: Final = timedelta(days=1)
"""A note is laid before its deed commits: a backup of the time between has not seen it."""
_NONCE: Final = 12
_BATCH: Final = 1000


def note_restrictions(rows: Sequence[Restriction], *, at: datetime) -> None:
    """Before these restrictions of the customer in scope commit."""
    _lay({row.id: ("restriction", _values(row)) for row in rows}, at=at)


def note_unrestricted(ids: Sequence[UUID], *, at: datetime) -> None:
    """After these restrictions were lifted: a restored backup of before loses them again."""
    customer_id = tenancy.current().id
    transaction.on_commit(lambda: _mark_gone(customer_id, ids, at=at), robust=True)


def note_hold(hold_id: UUID, *, at: datetime) -> None:
    """Before a new hold commits: as it is in the transaction of the caller, with whom and what it reaches."""
    _lay({hold_id: ("hold", _hold(hold_id))}, at=at)


def note_changed(hold_id: UUID, *, at: datetime) -> None:
    """After a hold was reviewed or lifted."""
    laid = {hold_id: ("hold", _hold(hold_id))}
    customer = tenancy.current()
    transaction.on_commit(lambda: _lay(laid, at=at, customer=customer), robust=True)


def replay_notes(*, customer_id: UUID, since: datetime, at: datetime) -> Mapping[str, int]:
    """Place and lift once more what was since the backup of `since` was taken, in the restored database in scope.

    In the caller's transaction; nothing may be read there before it is committed. Leaves evidence in the restored log
    where there was anything. How many, by what.
    """
    counts = {"holds": 0, "restrictions": 0, "lifted": 0}
    with transaction.atomic():
        for note in Noted.objects.filter(customer_id=customer_id, at__gte=since - _MARGIN).order_by("at", "id"):
            if note.gone:
                counts["lifted"] += Restriction.objects.filter(id=note.subject).delete()[0]
            elif note.what == "hold":
                _replay_hold(note.subject, _opened(note))
                counts["holds"] += 1
            else:
                values = _opened(note)
                unique = {name: values.pop(name) for name in ("store", "record", "reference")}
                Restriction.objects.get_or_create(**unique, defaults=values | {"id": note.subject})
                counts["restrictions"] += 1
        if any(counts.values()):
            clause = contract.binding().agreement.terms.retention.clause
            obligations.evidence(kind="retention.rest-replayed", clause=clause, details=counts, at=at)
    return counts


def reconcile_notes(*, at: datetime) -> int:
    """Notes of the customer in scope that say something else than its tables, as after a crash: how many were mended.

    What is noted and not there was undone, or lifted: no backup has it to lose.
    """
    mended = 0
    for note in Noted.objects.filter(customer_id=tenancy.current().id, gone=False, at__lt=at - _MARGIN):
        row = (Hold if note.what == "hold" else Restriction).objects.filter(id=note.subject).first()
        if row is None:
            mended += Noted.objects.filter(id=note.id).update(gone=True)
        elif note.what == "hold" and (held := _hold(note.subject)) != _opened(note):
            _lay({note.subject: ("hold", held)}, at=at)
            mended += 1
    return mended


def forget_notes(customer_id: UUID, before: datetime) -> int:
    """No backup is older than `before`: what was placed or lifted earlier is in each. Returns how many went."""
    return Noted.objects.filter(customer_id=customer_id, at__lt=before).delete()[0]


def _replay_hold(hold_id: UUID, noted: dict[str, Any]) -> None:
    records, wrapped = noted.pop("records"), noted.pop("wrapped")
    if wrapped:
        SealingEpoch.objects.get_or_create(id=noted["epoch_id"], defaults={"wrapped": bytes.fromhex(wrapped)})
    noted["subject"] = bytes.fromhex(noted["subject"])
    hold, _made = Hold.objects.update_or_create(id=hold_id, defaults=noted)
    HeldRecord.objects.bulk_create(
        [HeldRecord(hold=hold, store=store, kind=kind, record=record, at=at) for store, kind, record, at in records],
        ignore_conflicts=True,
        batch_size=_BATCH,
    )


def _hold(hold_id: UUID) -> dict[str, Any]:
    """A hold as it stands, as JSON has it: its columns, the wrapped key of its subject, the records that it reaches."""
    row = Hold.objects.select_related("epoch").get(id=hold_id)
    reached = HeldRecord.objects.filter(hold=row).order_by("store", "record")
    return _plain(
        _values(row)
        | {
            "wrapped": bytes(row.epoch.wrapped).hex() if row.epoch else "",
            "records": [list(one) for one in reached.values_list("store", "kind", "record", "at")],
        }
    )


def _values(row: fields.Model) -> dict[str, Any]:
    """The columns of a row but its key, as JSON has them."""
    found = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}
    return _plain(
        {name: bytes(value).hex() if isinstance(value, bytes | memoryview) else value for name, value in found.items()}
    )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(values, cls=_Exactly))
    return plain


class _Exactly(DjangoJSONEncoder):
    """Instants with their microseconds: Django's own cuts them."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def _lay(
    notes: Mapping[UUID, tuple[str, dict[str, Any]]], *, at: datetime, customer: tenancy.Customer | None = None
) -> None:
    """Committed at once: the caller's transaction is of another database."""
    whose = customer or tenancy.current()
    cipher = _cipher(whose)
    _put(
        [
            Noted(customer_id=whose.id, what=what, subject=key, at=at, closed=_closed(cipher, key, values))
            for key, (what, values) in notes.items()
        ]
    )


def _mark_gone(customer_id: UUID, ids: Sequence[UUID], *, at: datetime) -> None:
    """Also where no note is: what was placed before there were notes is lifted after them."""
    _put([Noted(customer_id=customer_id, what="restriction", subject=key, at=at, gone=True, closed=b"") for key in ids])


def _put(notes: Sequence[Noted]) -> None:
    Noted.objects.bulk_create(
        notes,
        update_conflicts=True,
        unique_fields=["customer_id", "subject"],
        update_fields=["at", "gone", "closed"],
        batch_size=_BATCH,
    )


def _closed(cipher: AESGCM, key: UUID, values: dict[str, Any]) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, json.dumps(values).encode(), key.bytes)


def _opened(note: Noted) -> dict[str, Any]:
    closed = bytes(note.closed)
    content = _cipher(tenancy.current()).decrypt(closed[:_NONCE], closed[_NONCE:], note.subject.bytes)
    values: dict[str, Any] = json.loads(content)
    return values


def _cipher(customer: tenancy.Customer) -> AESGCM:
    return AESGCM(tenancy.keyring().index_key(customer, "retention notes"))
