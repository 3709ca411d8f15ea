"""One recording's objects, read again and held against the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from parley.recordings.errors import SubstitutedObject
from parley.recordings.evidence import require_original, require_renditions, stored_parts, stored_renditions
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
    parts, parts_anew = stored_parts(recording_id)
    renditions, renditions_anew = stored_renditions(recording_id)
    named: list[tuple[str, Part | Rendition, bool]] = []
    known = not parts or _ledgered(lambda: require_original(recording_id, parts, parts_anew))
    named += [(row.name, row, known) for row in parts]
    known = not renditions or _ledgered(lambda: require_renditions(recording_id, renditions, renditions_anew))
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


def _ledgered(require: Callable[[], None]) -> bool:
    """Whether the ledger knows exactly these files."""
    try:
        require()
    except SubstitutedObject:
        return False
    return True


def _damage(name: str, row: Part | Rendition, what: What, found: str) -> Damage:
    return Damage(name=name, object_key=row.object_key, what=what, expected=row.sha256, found=found)
