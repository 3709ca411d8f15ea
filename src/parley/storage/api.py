"""What other packages may use of storage: `open_store(url)`, and what an ObjectStore promises."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from obstore.store import S3Store as Bucket

from .errors import (
    KeyRefusedError,
    ObjectNotFoundError,
    StorageError,
    StoreAddressError,
    StoreFullError,
    StoreUnavailableError,
)
from .local import LocalStore
from .s3 import S3Store
from .types import ObjectHead, ObjectStore, StoredObject

if TYPE_CHECKING:
    from obstore.store import S3Config

__all__ = [
    "KeyRefusedError",
    "ObjectHead",
    "ObjectNotFoundError",
    "ObjectStore",
    "StorageError",
    "StoreAddressError",
    "StoreFullError",
    "StoreUnavailableError",
    "StoredObject",
    "open_store",
]

_S3_OPTIONS = {"endpoint", "region"}


def open_store(url: str) -> ObjectStore:
    """The store at `url`.

    "file:///directory" keeps synced files. "s3://bucket/prefix?endpoint=https://host:port&region=NAME" is any S3; the
    credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), never from the address, which is
    shown in logs. Raises StoreAddressError.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and len(parts.path) > 1:
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme != "s3" or not parts.hostname:
        raise StoreAddressError("the store's address is not understood", remedy="use file:///directory or s3://bucket")
    if parts.username or parts.password:
        raise StoreAddressError("the store's address holds a secret", remedy="put credentials into the environment")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := set(options) - _S3_OPTIONS:
        raise StoreAddressError(f"the store's address has unknown options: {sorted(unknown)}", remedy="see the manual")
    endpoint = options.get("endpoint")
    config: S3Config = {"region": options.get("region", "us-east-1")}
    if endpoint:
        config["endpoint"] = endpoint
        config["virtual_hosted_style_request"] = False
    allow_http = bool(endpoint and endpoint.startswith("http://"))
    prefix = parts.path.strip("/") or None
    return S3Store(Bucket(parts.netloc, prefix=prefix, config=config, client_options={"allow_http": allow_http}))
