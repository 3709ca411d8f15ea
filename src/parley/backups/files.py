"""Where the files of backups are, and how they get there: sealed before they touch a disk, whole or not at all.

Keys in the backup store: `<customer id>/backups/<backup id>/dump.age` and `.../manifest.age`; objects keep the keys
that they have in the live store.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from django.conf import settings

from parley.backups.errors import BackupDamaged, Busy
from parley.backups.manifest import Named
from parley.sealing.api import AgeReader, AgeWriter, Readable
from parley.storage.api import ObjectHead, ObjectNotFoundError, ObjectStore, StorageError, StoredObject, open_store
from parley.tenancy import api as tenancy
from parley.tenancy import scratch

SMALL: Final = 4 << 20
_BLOCK: Final = 1 << 20
_ABANDONED_SECONDS: Final = 24 * 3600


@cache
def _opened(url: str, cold: str = "") -> ObjectStore:
    return open_store(url, cold=cold)


def live_store() -> ObjectStore:
    """Where the customers' objects are."""
    return _opened(settings.PARLEY_STORE_URL, settings.PARLEY_STORE_COLD_URL)


def backup_store() -> ObjectStore:
    """Where their backups are."""
    return _opened(settings.PARLEY_BACKUP_URL)


def folder(customer_id: UUID, backup_id: UUID) -> str:
    """Where a backup's own files are."""
    return f"{customer_id}/backups/{backup_id}"


def dump_key(customer_id: UUID, backup_id: UUID) -> str:
    return f"{folder(customer_id, backup_id)}/dump.age"


def manifest_key(customer_id: UUID, backup_id: UUID) -> str:
    return f"{folder(customer_id, backup_id)}/manifest.age"


class Sealed:
    """A sealed file while it grows. `put` stores it, durable and whole; unfinished it is simply gone."""

    def __init__(self, file: BinaryIO, path: Path, recipient: str) -> None:
        self._file = file
        self._path = path
        self._hash = hashlib.sha256()
        self._writer = AgeWriter(self, [recipient])

    def write(self, data: Readable, /) -> int:
        """For the AgeWriter: sealed bytes, on their way to the disk."""
        written = self._file.write(data)
        self._hash.update(memoryview(data)[:written])
        return written

    def feed(self, clear: bytes) -> None:
        """Seal a piece of the content."""
        self._writer.write(clear)

    def put(self, store: ObjectStore, key: str) -> StoredObject:
        """Finish the file and store it. Raises BackupDamaged when the store has something else than was written."""
        self._writer.close()
        self._file.flush()
        stored = store.put(key, self._path)
        if stored.sha256 != self._hash.hexdigest():
            raise BackupDamaged(f"{key} is not what was written", remedy="Check the disk, then take another backup.")
        return stored


@contextmanager
def sealed_file(recipient: str) -> Iterator[Sealed]:
    """A file to fill, sealed to the recipient, in a private directory; removed at the end whatever happens."""
    with _temporary() as (file, path):
        yield Sealed(file, path, recipient)


def copy(key: str, *, source: ObjectStore, target: ObjectStore) -> StoredObject:
    """Copy an object, whole or not at all; the hash is that of what was stored."""
    size = source.head(key).size
    if size <= SMALL:
        return target.put(key, source.get_range(key, 0, size))
    with _temporary() as (file, path), source.open(key) as opened:
        while piece := opened.read(_BLOCK):
            file.write(piece)
        file.flush()
        return target.put(key, path)


@contextmanager
def _temporary() -> Iterator[tuple[BinaryIO, Path]]:
    directory = _directory()
    descriptor, name = tempfile.mkstemp(dir=directory)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _directory() -> Path:
    directory: Path = settings.PARLEY_DATA_DIR / "backup-scratch"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def sweep_files() -> int:
    """Remove what killed processes left a day ago and more, all of it sealed; how many files."""
    gone = 0
    for path in _directory().iterdir():
        try:
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
    return gone


@contextmanager
def alone(what: str, customer_id: UUID, *, shared: bool = False) -> Iterator[None]:
    """No other process does `what` for this customer until the block ends. Raises Busy."""
    with scratch.locked(f"{what} {customer_id}", shared=shared) as ours:
        if not ours:
            raise Busy("backups of this customer are being worked on", remedy="Try again when that is over.")
        yield


@contextmanager
def opened(key: str, customer: tenancy.Customer, store: ObjectStore) -> Iterator[AgeReader]:
    """A backup's own file, in clear. Raises what AgeReader does."""
    identity = tenancy.keyring().backup_identity(customer)
    with store.open(key) as sealed:
        yield AgeReader(sealed, [identity.secret])


def require(key: str, sha256: str, store: ObjectStore) -> None:
    """Raises BackupDamaged, naming the file, when what is stored is not what was sealed."""
    try:
        found = store.sha256(key)
    except ObjectNotFoundError as error:
        raise BackupDamaged(f"{key} is missing", remedy="Use another backup.") from error
    if found != sha256:
        raise BackupDamaged(f"{key} is not the file that was sealed", remedy="Use another backup.")


class BackedUp:
    """The objects of one backup as an ObjectStore to read: each is compared with the manifest when it is opened.

    `hidden` were erased since. Whatever the backup does not name is not there; nothing can be written or deleted.
    """

    def __init__(self, store: ObjectStore, objects: dict[str, Named], hidden: Set[str]) -> None:
        self._store = store
        self._objects = objects
        self._hidden = hidden
        self._checked: set[str] = set()

    def _named(self, key: str) -> Named:
        named = None if key in self._hidden else self._objects.get(key)
        if named is None:
            raise ObjectNotFoundError(f"there is no object {key}", remedy="it was erased, or never in this backup")
        return named

    def _check(self, key: str) -> None:
        named = self._named(key)
        if key not in self._checked:
            require(key, named.sha256, self._store)
            self._checked.add(key)

    def put(self, key: str, content: Path | bytes) -> StoredObject:
        """Refused: a backup does not change."""
        del content
        raise StorageError(f"{key} cannot be written: a backup does not change", remedy="write to the live store")

    def get_range(self, key: str, start: int, stop: int) -> bytes:
        """See ObjectStore. Raises BackupDamaged as well."""
        self._check(key)
        return self._store.get_range(key, start, stop)

    def open(self, key: str) -> BinaryIO:
        """See ObjectStore. Raises BackupDamaged as well."""
        self._check(key)
        return self._store.open(key)

    def head(self, key: str) -> ObjectHead:
        """See ObjectStore."""
        return ObjectHead(key=key, size=self._named(key).size)

    def sha256(self, key: str) -> str:
        """See ObjectStore."""
        self._named(key)
        return self._store.sha256(key)

    def delete(self, key: str) -> bool:
        """Hides the object from whoever reads here; the backup keeps it until it expires."""
        there = key in self._objects and key not in self._hidden
        self._hidden = self._hidden | {key}
        return there

    def delete_many(self, keys: Iterable[str]) -> int:
        """As `delete`, for each."""
        return sum(self.delete(key) for key in keys)

    def list(self, prefix: str = "") -> Iterator[ObjectHead]:
        """See ObjectStore."""
        start = prefix.rstrip("/")
        for key in sorted(self._objects.keys() - self._hidden):
            if not start or key == start or key.startswith(f"{start}/"):
                yield ObjectHead(key=key, size=self._objects[key].size)


def unsealed(file: Path, output: Path) -> int:
    """Open a sealed dump or manifest, named as in the backup store, with nothing but the keys; how many bytes.

    For the loss of the provider's own database: no row is asked, and no hash compared but the file's own seal. Raises
    BackupDamaged for a path that names no tenant, KeysUnavailable, SealingError, FileExistsError.
    """
    try:
        tenant = UUID(file.absolute().parents[2].name)
    except (ValueError, IndexError) as error:
        raise BackupDamaged(f"{file} is no file of a backup", remedy="Name it <id>/backups/<id>/dump.age.") from error
    identity = tenancy.keyring().backup_identity_of(tenant)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as clear, file.open("rb") as sealed:
        return sum(clear.write(piece) for piece in AgeReader(sealed, [identity.secret]))
