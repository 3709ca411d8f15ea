"""Recordings as a store of personal data: found by number, handed out, erased whole.

Erasing locks the row first: a rendering that runs holds the same lock, so that it is over before its objects are
removed, and finds nothing to render afterwards. Objects go before rows; what an attempt that was killed left behind
goes as well, for the folder of the recording is looked through.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from parley.agreement.api import CALL_RECORDING
from parley.inventory.api import CannotRectify, Erased, ExportOptions, Held, Sink, Subject
from parley.recordings import notices
from parley.recordings.handing import Handing
from parley.recordings.models import NumberIndex, Recording, SealingEpoch
from parley.recordings.news import tell_deleted
from parley.recordings.objects import store_in_use
from parley.recordings.redaction import Person
from parley.recordings.types import NUMBER_INDEX, PartySheet, party_aad
from parley.recordings.unsealing import PartyReader
from parley.sealing.api import FieldSealer
from parley.tenancy import api as tenancy

NAME: Final = "recordings"
KIND: Final = "recording"
_FOUND: Final = """
SELECT DISTINCT r.started_at, r.id FROM recordings_numberindex n JOIN recordings_recording r ON r.id = n.recording_id
WHERE n.value = ANY(%s) ORDER BY r.started_at, r.id
"""
_LOCKED: Final = """
SELECT id, conversation_id FROM recordings_recording WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""
_KEYS: Final = """
SELECT object_key FROM recordings_part WHERE recording_id = ANY(%s)
UNION ALL SELECT object_key FROM recordings_rendition WHERE recording_id = ANY(%s)
"""
_DELETE: Final = (
    "DELETE FROM scrubbing_finding WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_wordindex WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_note WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_tag WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_listeningreason WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_numberindex WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_rendition WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_resealed WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_part WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_recording WHERE id = ANY(%s)",
    "DELETE FROM recordings_livecall WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_livetold WHERE recording_id = ANY(%s)",
    "DELETE FROM recordings_liveremark WHERE recording_id = ANY(%s)",
)
_EMPTIED: Final = """
DELETE FROM recordings_conversation c WHERE id = ANY(%s)
AND NOT EXISTS (SELECT FROM recordings_recording r WHERE r.conversation_id = c.id)
"""
_PRESENT: Final = """
SELECT id FROM recordings_recording WHERE id = ANY(%s)
UNION SELECT recording_id FROM recordings_numberindex WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_rendition WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_part WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_resealed WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_note WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_tag WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_wordindex WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_listeningreason WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_liveremark WHERE recording_id = ANY(%s)
UNION SELECT recording_id FROM recordings_livetold WHERE recording_id = ANY(%s)
"""
_NAMED: Final = ("caller_name", "callee_name")
_LONGEST_NAME: Final = 200


class Recordings:
    """The `inventory.Store` of recorded calls."""

    name = NAME
    offering = CALL_RECORDING
    kinds: Mapping[str, str] = {KIND: "recorded call"}
    models = frozenset(
        f"recordings.{model}"
        for model in (
            *("Recording", "Part", "Rendition", "Resealed", "NumberIndex", "Conversation", "LiveCall"),
            *("Note", "Tag", "WordIndex", "ListeningReason", "LiveRemark", "LiveTold"),
        )
    ) | {"scrubbing.Finding"}

    def find(self, subject: Subject) -> Sequence[Held]:
        """See Store."""
        found: dict[UUID, datetime] = {}
        indexes = sorted(Person.of(subject).indexes)
        if indexes:
            with connection.cursor() as cursor:
                cursor.execute(_FOUND, [indexes])
                found = {one: at for at, one in cursor.fetchall()}
        pointed = [record for store, record in subject.records if store == NAME and record not in found]
        if pointed:
            found |= dict(Recording.objects.filter(id__in=pointed).values_list("id", "started_at"))
        return [_held(one, at) for one, at in sorted(found.items(), key=lambda each: (each[1], each[0]))]

    def older(self, kind: str, before: datetime, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """See Store."""
        if kind != KIND:
            return []
        return _page(Recording.objects.filter(started_at__lt=before), after, limit)

    def count_older(self, kind: str, before: datetime) -> int:
        """See Store."""
        return Recording.objects.filter(started_at__lt=before).count() if kind == KIND else 0

    def every(self, *, after: Held | None = None, limit: int = 1000) -> Sequence[Held]:
        """See Store."""
        return _page(Recording.objects.all(), after, limit)

    def erase(self, ids: Sequence[UUID]) -> Erased:
        """See Store."""
        wanted = list(ids)
        with connection.cursor() as cursor:
            cursor.execute(_LOCKED, [wanted])
            rows = cursor.fetchall()
            erased, conversations = [row[0] for row in rows], list({row[1] for row in rows})
            cursor.execute(_KEYS, [erased, erased])
            keys = {row[0] for row in cursor.fetchall()}
            objects = store_in_use().delete_many(sorted(keys | set(_in_folders(wanted))))
            for statement in _DELETE:
                cursor.execute(statement, [erased])
            cursor.execute(_EMPTIED, [conversations])
        notices.forget(erased, at=datetime.now(UTC))
        tell_deleted(erased, at=datetime.now(UTC))
        return Erased(records=len(erased), objects=objects)

    def present(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        """See Store. Objects are looked for in the folder of each recording, also those that no row names."""
        wanted = list(ids)
        with connection.cursor() as cursor:
            cursor.execute(_PRESENT, [wanted] * 11)
            left = {row[0] for row in cursor.fetchall()}
        return frozenset(left | {one for one in wanted if one not in left and any(_in_folders([one]))})

    def write(self, ids: Sequence[UUID], sink: Sink, options: ExportOptions) -> Iterator[UUID]:
        """See Store."""
        return Handing(sink, options, store_in_use()).write(list(ids))

    def identities(self, ids: Sequence[UUID]) -> Iterable[tuple[str, bytes]]:
        """Who took part in these: (field, blind index)."""
        found = NumberIndex.objects.filter(recording__in=list(ids)).values_list("value", flat=True).distinct()
        return [(NUMBER_INDEX, bytes(value)) for value in found]

    def rectify(self, record: UUID, changes: Mapping[str, str]) -> tuple[str, ...]:
        """Correct how a party is named. Who called whom, when, is what happened: it is corrected by nobody."""
        for field in changes:
            if field not in _NAMED:
                raise CannotRectify(
                    f'"{field}" of a recorded call says what happened',
                    remedy="Add a note to the answer, restrict the use of the recording, or erase it.",
                )
        row = Recording.objects.select_for_update(of=("self",)).select_related("epoch").filter(id=record).first()
        if row is None:
            raise CannotRectify("there is no such recording", remedy="Look for the person again.")
        reader = PartyReader.for_current_customer()
        if not reader.can_open:
            raise CannotRectify("only the customer's key opens it", remedy="Note the correction in the answer.")
        sheet = reader.read(recording_id=row.id, sealed=row.sealed, wrapped=row.epoch.wrapped)
        corrected = _renamed(sheet, {field.partition("_")[0]: name for field, name in changes.items()})
        if corrected == sheet:
            return ()
        _seal(row, corrected)
        return tuple(sorted(changes))


STORE: Final = Recordings()


def _held(record: UUID, at: datetime) -> Held:
    return Held(store=NAME, kind=KIND, id=record, at=at)


def _page(rows: QuerySet[Recording], after: Held | None, limit: int) -> list[Held]:
    if after is not None:
        rows = rows.filter(started_at__gte=after.at).exclude(Q(started_at=after.at) & Q(id__lte=after.id))
    found = rows.order_by("started_at", "id").values_list("id", "started_at")[:limit]
    return [_held(one, at) for one, at in found]


def in_folder(recording_id: UUID) -> Iterator[str]:
    """The keys of all objects in the folder of a recording, also of those that no row names."""
    return (head.key for head in store_in_use().list(f"{tenancy.current().id}/recordings/{recording_id}/"))


def _in_folders(ids: Sequence[UUID]) -> Iterator[str]:
    return (key for one in ids for key in in_folder(one))


def _renamed(sheet: PartySheet, names: Mapping[str, str]) -> PartySheet:
    return replace(
        sheet,
        parties=tuple(
            replace(party, name=names[party.role].strip()[:_LONGEST_NAME]) if party.role in names else party
            for party in sheet.parties
        ),
    )


def _seal(row: Recording, sheet: PartySheet) -> None:
    """The sheet under a fresh key: who wrote the old one has forgotten its own."""
    now = datetime.now(UTC).timestamp()
    sealed = FieldSealer(tenancy.current().recipients).seal(sheet.to_json(), aad=party_aad(row.id), now=now)
    row.epoch = SealingEpoch.objects.create(id=sealed.epoch_id, wrapped=sealed.wrapped)
    row.sealed = sealed.data
    row.save(update_fields=["epoch", "sealed"])
