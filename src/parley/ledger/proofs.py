"""Proofs and bundles from the stored tree: what somebody takes away to verify without us."""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from parley.ledger import store, tree
from parley.ledger.entries import Entry
from parley.ledger.types import JSON, BundleRefused, Checkpoint, Cursor, LedgerDamaged, LedgerError, NotYetIntegrated
from parley.ledger.verifier import FORMAT, VerificationError, Verified, canonical
from parley.ledger.verifier import verify_bundle as _verify

_PROVEN = """
SELECT e.seq, e.entry_id, e.at, e.kind, e.clause, e.commitment, d.salt, d.details
FROM ledger_entry e LEFT JOIN ledger_detail d USING (entry_id) WHERE e.entry_id = %(id)s
"""


def inclusion(cursor: Cursor, *, index: int, size: int) -> list[bytes]:
    """The hashes that prove entry `index` under the head of `size` entries (RFC 9162 section 2.1.3.1)."""
    return store.hashes(cursor, tree.inclusion_spans(index=index, size=size))


def consistency(cursor: Cursor, *, old: int, new: int) -> list[bytes]:
    """The hashes that prove that the head of `new` entries only adds to that of `old` (RFC 9162 section 2.1.4.1)."""
    return store.hashes(cursor, tree.consistency_spans(old=old, new=new))


_PROVEN_MANY = """
SELECT e.seq, e.entry_id, e.at, e.kind, e.clause, e.commitment, d.salt, d.details
FROM ledger_entry e LEFT JOIN ledger_detail d USING (entry_id) WHERE e.entry_id = ANY(%(ids)s) ORDER BY e.seq
"""
_AT_ONCE = 500


def bundle(cursor: Cursor, *, entry_id: UUID, since: int | None = None) -> bytes:
    """All that proves one entry, as one canonical file (about 2 KiB and the details).

    `since` is the size of a checkpoint that the verifier kept: the bundle then also proves that the log only added to
    it. Raises NoSuchEntry, NotYetIntegrated (ask again in a moment), LedgerError for a `since` beyond the log's end.
    """
    cursor.execute(_PROVEN, {"id": entry_id})
    row = cursor.fetchone()
    if row is None:
        waiting = store.entry(cursor, entry_id=entry_id)  # raises NoSuchEntry
        raise NotYetIntegrated(f"this {waiting.kind} entry waits for the sequencer", remedy="Ask again in a moment.")
    seq, *leaf, salt, details = row
    entry = store.entry_of((leaf[0], leaf[1], leaf[2], leaf[3], leaf[4]))
    head = store.published(cursor, at_least=max(seq + 1, since or 0))
    if head is None:
        raise LedgerError(
            "the log is shorter than the checkpoint that you kept", remedy="Keep that checkpoint: show it."
        )
    spans = _spans(seq=seq, size=head.size, since=since)
    return compose(
        entry=entry,
        opened=None if details is None else (bytes(salt), details),
        seq=seq,
        head=head,
        since=since,
        tiles=store.read_tiles(cursor, tree.tiles_for([*spans.entry, *spans.past, *spans.past_root])),
    )


def bundles(
    cursor: Cursor, *, entry_ids: Sequence[UUID], head: Checkpoint, since: int | None = None
) -> Iterator[tuple[Entry, int, bytes]]:
    """Entry, number and bundle of many entries under one `head`, in batches of the log's order within each.

    About ten times as fast as `bundle` for each; keeps the tiles that it read, 32 bytes for an entry of the log. What
    came after the head is left out. Raises LedgerError for a `since` beyond the head.
    """
    if since is not None and since > head.size:
        raise LedgerError("the head is shorter than the checkpoint that you kept", remedy="Ask for a newer head.")
    known: dict[tree.TileId, bytes] = {}
    for first in range(0, len(entry_ids), _AT_ONCE):
        cursor.execute(_PROVEN_MANY, {"ids": [*entry_ids[first : first + _AT_ONCE]]})
        rows = [row for row in cursor.fetchall() if row[0] < head.size]
        wanted = {
            place
            for row in rows
            for spans in _spans(seq=row[0], size=head.size, since=since)
            for place in tree.tiles_for(spans)
        }
        known |= store.read_tiles(cursor, wanted - known.keys())
        for seq, *leaf, salt, details in rows:
            entry = store.entry_of((leaf[0], leaf[1], leaf[2], leaf[3], leaf[4]))
            opened = None if details is None else (bytes(salt), details)
            yield entry, seq, compose(entry=entry, opened=opened, seq=seq, head=head, since=since, tiles=known)


def compose(
    *,
    entry: Entry,
    opened: tuple[bytes, str] | None,
    seq: int,
    head: Checkpoint,
    since: int | None,
    tiles: tree.Tiles,
) -> bytes:
    """The bundle of `entry` as number `seq` under `head`; `opened` is salt and canonical details, None once erased.

    Pure: `tiles` holds what the proofs need. Raises LedgerDamaged when it does not.
    """
    spans = _spans(seq=seq, size=head.size, since=since)
    try:
        path, past, root = (_encoded(tree.hashes(spans=wanted, tiles=tiles)) for wanted in spans)
    except (KeyError, ValueError) as error:
        raise LedgerDamaged("a tile of the log is missing or too short") from error
    content: dict[str, JSON] = {
        "checkpoint": head.note,
        "consistency": {"path": past, "root": root[0], "size": since} if root else None,
        "details": None if opened is None else {"salt": opened[0].hex(), "value": json.loads(opened[1])},
        "entry": entry.facts(),
        "format": FORMAT,
        "index": seq,
        "keys": {"log": head.log_key, "provider": head.cosigner_key},
        "path": path,
    }
    return canonical(content) + b"\n"


class _Spans(NamedTuple):
    """What a bundle proves, as spans of leaves: the entry, the growth since an earlier head, that head's root."""

    entry: list[tree.Span]
    past: list[tree.Span]
    past_root: list[tree.Span]


def _spans(*, seq: int, size: int, since: int | None) -> _Spans:
    to_entry = tree.inclusion_spans(index=seq, size=size)
    if not since:
        return _Spans(to_entry, [], [])
    return _Spans(to_entry, tree.consistency_spans(old=since, new=size), tree.root_span(since))


def _encoded(hashes: Sequence[bytes]) -> list[JSON]:
    return [base64.b64encode(value).decode() for value in hashes]


def verify_bundle(
    data: bytes, *, log_key: str, provider_key: str | None = None, kept_checkpoint: str | None = None
) -> Verified:
    """What the bundle proves under the pinned keys; raises BundleRefused with the first thing that is wrong.

    The same function, in one file without Parley, is `verifier.py`.
    """
    try:
        return _verify(data, log_key=log_key, provider_key=provider_key, kept_checkpoint=kept_checkpoint)
    except VerificationError as error:
        raise BundleRefused(error.args[0], remedy=error.remedy) from error
