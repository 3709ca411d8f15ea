"""One recording's objects, read again and held against the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from parley.recordings.errors import SubstitutedObject
from parley.recordings.evidence import rendered_entry, require_ledgered, sealed_entry
from parley.recordings.models import Part, Recording, Rendition
from parley.recordings.scrubbing.types import Damage, What
from parley.storage.api import ObjectNotFoundError, ObjectStore


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What reading one recording came to: objects and bytes read, and what is wrong."""

    objects: int
    size: int
    damages: tuple[Damage, ...]


def examine(recording_id: UUID, *, store: ObjectStore) -> Examined:
    """Reads every object of a recording. Raises StorageError when the store cannot be asked.

    What seems damaged is looked at again with the recording locked: somebody may be erasing or rendering it just now.
    """
    seen = _read(recording_id, store=store)
    if not seen.damages:
        return seen
    Recording.objects.select_for_update().filter(id=recording_id).first()
    return _read(recording_id, store=store)


def damage_of(recording_id: UUID, object_key: str, *, store: ObjectStore) -> Damage | None:
    """What is wrong with one object now; None when nothing is."""
    found = _read(recording_id, store=store, only=object_key).damages
    return next((one for one in found if one.object_key == object_key), None)


def _read(recording_id: UUID, *, store: ObjectStore, only: str = "") -> Examined:
    parts = list(Part.objects.filter(recording=recording_id).order_by("number"))
    renditions = list(Rendition.objects.filter(recording=recording_id).order_by("kind"))
    named: list[tuple[str, Part | Rendition, bool]] = []
    known = _ledgered(sealed_entry(recording_id), [(row.name, row.size, row.sha256) for row in parts])
    named += [(row.name, row, known) for row in parts]
    known = _ledgered(rendered_entry(recording_id), [(row.kind, row.size, row.sha256) for row in renditions])
    named += [(row.kind, row, known) for row in renditions]
    wanted = [one for one in named if only in {"", one[1].object_key}]
    damages, size = [], 0
    for name, row, known in wanted:
        length, found = _stored(store, row.object_key)
        size += length
        if not found:
            damages.append(_damage(name, row, "missing", found))
        elif found != row.sha256:
            damages.append(_damage(name, row, "changed", found))
        elif not known:
            damages.append(_damage(name, row, "unledgered", found))
    return Examined(objects=len(wanted), size=size, damages=tuple(damages))


def _stored(store: ObjectStore, key: str) -> tuple[int, str]:
    """Size and hash of an object; 0 and "" when there is none."""
    try:
        return store.head(key).size, store.sha256(key)
    except ObjectNotFoundError:
        return 0, ""


def _ledgered(entry: UUID, files: Sequence[tuple[str, int, str]]) -> bool:
    """Whether the ledger knows exactly these files; of none it says nothing."""
    if not files:
        return True
    try:
        require_ledgered(entry, files)
    except SubstitutedObject:
        return False
    return True


def _damage(name: str, row: Part | Rendition, what: What, found: str) -> Damage:
    return Damage(name=name, object_key=row.object_key, what=what, expected=row.sha256, found=found)
