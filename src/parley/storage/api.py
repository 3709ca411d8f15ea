"""What other packages may use of storage: `open_store(url)`, what an ObjectStore promises, and two of them as one."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from obstore.store import S3Store as Bucket

from .errors import (
    KeyRefusedError,
    NotLockableError,
    ObjectLockedError,
    ObjectNotFoundError,
    StorageError,
    StoreAddressError,
    StoreFullError,
    StoreUnavailableError,
)
from .local import LocalStore
from .s3 import S3Store
from .s3_locks import Locks
from .s3_requests import Requests
from .tiered import TieredStore, tiers
from .types import LOCK_MODES, Freed, LockMode, ObjectHead, ObjectStore, StoredObject
from .write_once import delete_free, keep, lock_mode, put_kept, require_free, require_lockable

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Config

__all__ = [
    "LOCK_MODES",
    "Freed",
    "KeyRefusedError",
    "LockMode",
    "NotLockableError",
    "ObjectHead",
    "ObjectLockedError",
    "ObjectNotFoundError",
    "ObjectStore",
    "StorageError",
    "StoreAddressError",
    "StoreFullError",
    "StoreUnavailableError",
    "StoredObject",
    "TieredStore",
    "clear_abandoned",
    "delete_free",
    "keep",
    "lock_mode",
    "open_store",
    "put_kept",
    "require_free",
    "require_lockable",
    "tiers",
]

_S3_OPTIONS = {"endpoint", "region", "checksum"}
_RETRIES: "RetryConfig" = {
    "max_retries": 6,
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
    "retry_timeout": timedelta(seconds=30),
}
"""Within one call; who keeps the content (a spool, a job) tries again later, with longer pauses."""


def open_store(url: str, *, cold: str = "", lock: str = "") -> ObjectStore:
    """The store at `url`; with `cold` a TieredStore of it and the one at that address.

    "file:///directory" keeps synced files. "s3://bucket/prefix?endpoint=https://host:port&region=NAME" is any S3; the
    credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), never from the address, which is
    shown in logs. Each upload carries its SHA-256, which S3 compares with what arrived; "checksum=none" is for a server
    that does not know it. With `lock`, one of LOCK_MODES, `put_kept` locks (S3 object lock), which needs that checksum;
    a cold store of files locks nothing. Nothing is asked of the network. Raises StoreAddressError.
    """
    if cold:
        lockable = urlsplit(cold).scheme == "s3"
        return TieredStore(open_store(url, lock=lock), open_store(cold, lock=lock if lockable else ""))
    parts = urlsplit(url)
    mode = _lock_mode(lock, parts)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and len(parts.path) > 1:
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme != "s3" or not parts.hostname:
        raise StoreAddressError("the store's address is not understood", remedy="use file:///directory or s3://bucket")
    if parts.username or parts.password:
        raise StoreAddressError("the store's address holds a secret", remedy="put credentials into the environment")
    return _s3_store(parts, mode)


def _lock_mode(lock: str, parts: SplitResult) -> LockMode | None:
    mode = next((one for one in LOCK_MODES if one == lock), None)
    if lock and mode is None:
        raise StoreAddressError("store.lock is no way to lock", remedy="use governance or compliance, or nothing")
    if mode and (parts.scheme != "s3" or "checksum=none" in parts.query):
        raise StoreAddressError(
            "store.lock locks objects on S3 with its checksum alone",
            remedy="set store.url to s3://bucket without checksum=none, or take store.lock away",
        )
    return mode


def _s3_store(parts: SplitResult, mode: LockMode | None) -> S3Store:
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := set(options) - _S3_OPTIONS:
        raise StoreAddressError(f"the store's address has unknown options: {sorted(unknown)}", remedy="see the manual")
    if options.get("checksum", "sha256") not in {"sha256", "none"}:
        raise StoreAddressError("the store's checksum is not known", remedy="use checksum=sha256 or checksum=none")
    endpoint, region = options.get("endpoint"), options.get("region", "us-east-1")
    config: S3Config = {"region": region}
    if options.get("checksum") != "none":
        config["checksum_algorithm"] = "SHA256"
    if endpoint:
        config["endpoint"] = endpoint
        config["virtual_hosted_style_request"] = False
    prefix = parts.path.strip("/")
    bucket = Bucket(
        parts.netloc,
        prefix=prefix or None,
        config=config,
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
        retry_config=_RETRIES,
    )
    requests = Requests(bucket=parts.netloc, prefix=prefix, endpoint=endpoint, region=region)
    return S3Store(bucket, requests, Locks(requests, mode) if mode else None)


def clear_abandoned(store: ObjectStore, *, prefix: str, before: datetime) -> int:
    """Abort uploads below `prefix` that were begun before that instant and never completed; how many.

    S3 keeps (and charges) what a killed process sent of a large object until somebody does. Files have none: a store of
    them clears its own when it is opened. Raises StorageError.
    """
    return sum(one.abort_incomplete(prefix, before=before) for one in tiers(store).values() if isinstance(one, S3Store))
