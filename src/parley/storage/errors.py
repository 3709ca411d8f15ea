"""What can go wrong with an object store."""

from datetime import UTC, datetime, timedelta
from typing import Final

from parley.foundation.errors import ParleyError

_LOOK_AGAIN: Final = timedelta(days=1)
"""A legal hold of a store has no end that anybody knows."""


class StorageError(ParleyError):
    """An object could not be stored, read or deleted."""

    error_id = "storage.error"


class KeyRefusedError(StorageError):
    """The key is not one that every kind of store keeps safely. Our fault, permanent."""

    error_id = "storage.key"


class ObjectNotFoundError(StorageError):
    """There is no object under this key."""

    error_id = "storage.not_found"


class StoreFullError(StorageError):
    """There is no space left. Nothing was stored; retry when there is."""

    error_id = "storage.full"


class StoreUnavailableError(StorageError):
    """The store does not answer, or refuses us. Retryable."""

    error_id = "storage.unavailable"


class ObjectLockedError(StorageError):
    """The store keeps an object by write-once (S3 object lock), `until` when, or None: until a legal hold of the store
    is taken off. Nothing was deleted. Permanent until then."""

    error_id = "storage.locked"

    def __init__(self, until: datetime | None) -> None:
        self.until = until
        self.by = f"write-once until {until:%Y-%m-%d %H:%M} UTC" if until else "a legal hold of the object store"
        super().__init__(f"it is kept by {self.by}", remedy="Nothing was deleted; delete it again after that.")
        self.again_at = until or datetime.now(UTC) + _LOOK_AGAIN


class NotLockableError(StorageError):
    """Objects are to be locked (store.lock), and their bucket cannot do that. Nothing was stored. Permanent until
    that is mended."""

    error_id = "storage.not_lockable"

    def __init__(self, bucket: str) -> None:
        super().__init__(
            f"store.lock is set, and the bucket {bucket!r} locks nothing",
            remedy="Name a bucket in store.url that was made with object lock enabled, or take store.lock away.",
        )


class StoreAddressError(StorageError):
    """The address of the store is malformed or of an unknown kind. Permanent, found at start."""

    error_id = "storage.address"
