"""What Parley does with write-once, whatever a store is made of: locks what a law demands, deletes what is free.

Only a store that was opened with a lock mode sets locks; each that finds one respects it.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from .s3 import S3Store
from .tiered import TieredStore, tiers
from .types import Freed, LockMode, ObjectStore, StoredObject


def lock_mode(store: ObjectStore) -> LockMode | None:
    """How this store locks what it is asked to keep; None when it does not."""
    warm = tiers(store)["warm"]
    return warm.locks.mode if isinstance(warm, S3Store) and warm.locks is not None else None


def require_lockable(store: ObjectStore) -> None:
    """See that a store which is to lock can. Raises NotLockableError, StoreUnavailableError when it does not answer."""
    warm = tiers(store)["warm"]
    if isinstance(warm, S3Store):
        warm.require_lockable()


def put_kept(store: ObjectStore, key: str, content: Path | bytes, *, until: datetime | None) -> StoredObject:
    """Put an object that is to be kept until then, None: that nothing demands to keep. Locked from its first moment
    where the store locks; elsewhere as any other. Raises StorageError."""
    warm = tiers(store)["warm"]
    if until is None or not isinstance(warm, S3Store) or warm.locks is None:
        return store.put(key, content)
    return warm.put_locked(key, content, until=until)


def keep(store: ObjectStore, key: str, *, until: datetime) -> bool:
    """Lock an object that is there until then, where the store locks and it is not locked so long; whether that was so.

    No lock is ever shortened. Raises StorageError.
    """
    lockable = [one for one in tiers(store).values() if isinstance(one, S3Store) and one.lockable]
    return sum(one.lengthen(key, until=until) for one in lockable) > 0


def require_free(store: ObjectStore, keys: Iterable[str]) -> None:
    """Raises ObjectLockedError when write-once keeps any of these objects, also by a lock that Parley may lift."""
    wanted = list(keys)
    for one in tiers(store).values():
        if isinstance(one, S3Store):
            one.require_free(wanted)


def delete_free(store: ObjectStore, keys: Iterable[str], *, lift: bool = False) -> Freed:
    """Delete these objects but what write-once keeps: the end of a contract goes on around it. Raises StorageError.

    With `lift` the locks that Parley set itself in governance mode end; compliance and legal holds never do.
    """
    wanted = list(dict.fromkeys(keys))
    if isinstance(store, TieredStore):
        cold, warm = (delete_free(one, wanted, lift=lift) for one in (store.cold, store.warm))
        both = cold + warm
        return Freed(min(len(wanted) - len(both.kept), both.removed), both.kept)
    return store.delete_free(wanted, lift=lift) if isinstance(store, S3Store) else Freed(store.delete_many(wanted))
