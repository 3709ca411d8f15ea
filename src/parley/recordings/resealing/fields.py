"""Keys of small sealed fields (who spoke, notes, tags) wrapped anew: each is a small age file in a row of its own.

What is sealed under such a key does not change, also where it rests under a hold: only who can unwrap the key does.
"""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from parley.governance.access import api as access
from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.recordings.models import SealingEpoch
from parley.recordings.resealing.anew import checked_header, present_recipients, require_customer_held
from parley.recordings.resealing.left import fields_left
from parley.recordings.resealing.types import FieldKey
from parley.sealing.api import NewHeader, NoIdentityMatchesError, SealingError, rewritten_header, stored_header
from parley.tenancy import api as tenancy

MOST: Final = 100
"""Keys of one batch."""


def keys(*, after: UUID | None = None, limit: int = MOST) -> list[FieldKey]:
    """The next keys that are left, by the header around each."""
    rows = fields_left(after=after)[: min(limit, MOST)]
    return [FieldKey(id=row.id, header=_header(bytes(row.wrapped)) or None) for row in rows]


def with_headers(given: Mapping[UUID, NewHeader], *, recipients: Sequence[str], by: UUID, at: datetime) -> int:
    """Put headers in place that the holder of a former key wrote; how many keys have a new one now.

    Keys that are not left are passed over: somebody else did it. Raises ResealingRefused, HeaderRefused.
    """
    require_customer_held()

    def header(row: SealingEpoch, old: bytes, present: Sequence[str]) -> bytes:
        return checked_header(given[row.id], old=old, recipients=present, of=f"the key {row.id}")

    with transaction.atomic():
        rows = fields_left().select_for_update().filter(id__in=list(given))
        return _anew(list(rows), header, meant_for=recipients, by=by, at=at)


def with_keys(*, by: UUID, at: datetime) -> int:
    """All of them, where the provider keeps the keys; how many. One that no key opens is left.

    Raises KeysUnavailable.
    """
    identities = tenancy.keyring().identities(tenancy.current())

    def header(_row: SealingEpoch, old: bytes, present: Sequence[str]) -> bytes | None:
        try:
            return rewritten_header(old, identities=identities, recipients=present).header
        except NoIdentityMatchesError:
            return None

    done, after = 0, None
    while True:
        with transaction.atomic():
            rows = list(fields_left(after=after).select_for_update()[:MOST])
            done += _anew(rows, header, meant_for=None, by=by, at=at)
        if len(rows) < MOST:
            return done
        after = rows[-1].id


def _anew(
    rows: Sequence[SealingEpoch],
    header: Callable[[SealingEpoch, bytes, Sequence[str]], bytes | None],
    *,
    meant_for: Sequence[str] | None,
    by: UUID,
    at: datetime,
) -> int:
    rotation = access.last_rotation()
    present = present_recipients(meant_for)
    if rotation is None or not rows:
        return 0
    changed, lines = [], []
    for row in rows:
        wrapped = bytes(row.wrapped)
        old = _header(wrapped)
        new = header(row, old, present) if old else None
        if new is None:
            continue
        row.wrapped, row.under = new + wrapped[len(old) :], rotation.id
        changed.append(row)
        lines.append(f"{row.id} {_hash(wrapped)} {_hash(row.wrapped)}\n")
    if changed:
        SealingEpoch.objects.bulk_update(changed, ["wrapped", "under"])
        obligations.evidence(
            kind="recording.names-resealed",
            clause=contract.binding().agreement.terms.encryption.clause,
            details={
                "key_event": str(rotation.id), "user": str(by), "keys": len(changed),
                "keys_sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
            },
            at=at,
        )  # fmt: skip
    return len(changed)


def _header(wrapped: bytes) -> bytes:
    """The header around a key; none of a row that was damaged."""
    try:
        return stored_header(io.BytesIO(wrapped), "age") or b""
    except SealingError:
        return b""


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
