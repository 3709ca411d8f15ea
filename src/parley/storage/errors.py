"""What can go wrong with an object store."""

from parley.foundation.errors import ParleyError


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


class StoreAddressError(StorageError):
    """The address of the store is malformed or of an unknown kind. Permanent, found at start."""

    error_id = "storage.address"
