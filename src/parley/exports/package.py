"""A package: one ZIP file of tables, files, a page that lists them, and a manifest with their hashes."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, Protocol, cast
from uuid import UUID

from parley.exports.contents import Listed, page
from parley.exports.database import database_rows
from parley.exports.tables import Spool, Table
from parley.exports.types import Package
from parley.inventory.api import ExportOptions, Store

FORMAT: Final = "parley-export/1"
MANIFEST: Final = "manifest.json"
INDEX: Final = "index.html"
Sign = Callable[[str], tuple[str, bytes]]
_PACKED: Final = frozenset(
    {"audio/mpeg", "audio/ogg", "application/age-encryption", "application/zip", "image/jpeg", "image/png"}
)
"""Media that compressing makes no smaller."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._@+ -]*(?:/[A-Za-z0-9_-][A-Za-z0-9._@+ -]*)*")


class Proofs(Protocol):
    """What a package has beside its records, so that others can check it."""

    def write(self, sink: "PackageSink") -> None:
        """Tables and files, once the records are written."""
        ...

    def sign(self, digest: str) -> tuple[str, bytes]:
        """Name and content of a file that signs the manifest of that SHA-256 (hexadecimal)."""
        ...


def write_package(
    target: BinaryIO,
    *,
    batches: Iterable[tuple[Store, Sequence[UUID]]],
    options: ExportOptions,
    title: str = "",
    extra: Mapping[str, bytes] | None = None,
    database: bool = False,
    proofs: Proofs | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Package:
    """Write a package of `batches` into `target`, which is only ever written forward. No rows, no change of scope.

    `extra` are further files by name; `database` adds every declared table of the customer's database that no store
    answers for; `proofs` adds what lets others check it. `progress` is told how many records are written. Memory does
    not grow with the number of records, but for an entry of the ZIP file's directory for each file.
    """
    sink = PackageSink(target, options=options, at=datetime.now(UTC))
    try:
        by_store: dict[str, int] = {}
        for store, ids in batches:
            by_store.setdefault(store.name, 0)
            for _written in store.write(ids, sink, options):
                by_store[store.name] += 1
                progress(sum(by_store.values()))
        if database:
            database_rows(sink)
        if proofs is not None:
            proofs.write(sink)
        for name, content in (extra or {}).items():
            with sink.file(name, "application/octet-stream") as file:
                file.write(content)
        return sink.finish(title=title, by_store=by_store, sign=proofs.sign if proofs is not None else None)
    finally:
        sink.close()


class PackageSink:
    """The `inventory.Sink` of a package. A file whose name was written before is not written again."""

    def __init__(self, target: BinaryIO, *, options: ExportOptions, at: datetime) -> None:
        self._out = _Counted(target)
        self._zip = zipfile.ZipFile(cast(BinaryIO, self._out), "w", zipfile.ZIP_DEFLATED)
        self._at = at
        self._tables: dict[str, Table] = {}
        self._listed = Spool()
        self._names: set[str] = set()
        self._forms = tuple(form for form in ("csv", "json") if form in options.formats) or ("csv",)

    def row(self, table: str, values: Mapping[str, Any]) -> None:
        """See Sink."""
        self.table(table, tuple(values)).add(values)

    def table(self, name: str, columns: Sequence[str]) -> Table:
        """The table of that name: it is in the package with its columns also when no line follows."""
        known = self._tables.get(name)
        if known is None:
            _check(name)
            known = self._tables[name] = Table(name, columns)
        return known

    def file(self, name: str, media_type: str) -> "Any":
        """See Sink."""
        _check(name)
        if name in self._names:
            return nullcontext(io.BytesIO())
        self._names.add(name)
        return self._member(name, media_type)

    def finish(self, *, title: str, by_store: Mapping[str, int], sign: Sign | None = None) -> Package:
        """Write the tables, the page, the manifest and what signs it; the end."""
        files = len(self._names)
        tables = {name: table.spool.count for name, table in sorted(self._tables.items())}
        for name, table in sorted(self._tables.items()):
            if "csv" in self._forms:
                self._write(f"tables/{name}.csv", "text/csv", table.csv())
            if "json" in self._forms:
                self._write(f"tables/{name}.jsonl", "application/jsonl", table.jsonl())
        about = {"title": title, "made_at": self._at.isoformat(timespec="seconds"), "records": sum(by_store.values())}
        counts = {"by_store": dict(sorted(by_store.items())), "tables": tables}
        listed, self._listed = self._listed, Spool()
        try:
            shown = page(
                title=title, at=self._at, by_store=by_store, tables=tables, forms=self._forms, files=_read(listed)
            )
            self._write(INDEX, "text/html", shown)
            digest = self._write_manifest({"format": FORMAT, **about, **counts}, [listed, self._listed])
        finally:
            listed.close()
        if sign is not None:
            name, signature = sign(digest)
            with self._open(name, "text/plain") as file:
                file.write(signature)
        self._zip.close()
        return Package(
            records=sum(by_store.values()),
            files=files,
            size=self._out.size,
            sha256=self._out.digest.hexdigest(),
            manifest_sha256=digest,
            tables=tables,
            by_store=dict(by_store),
        )

    def close(self) -> None:
        """What waits in temporary files is gone, also when the package was not finished."""
        for table in self._tables.values():
            table.spool.close()
        self._listed.close()

    def _write(self, name: str, media_type: str, pieces: Iterable[bytes]) -> None:
        self._names.add(name)
        with self._member(name, media_type) as file:
            for piece in pieces:
                file.write(piece)

    def _write_manifest(self, head: Mapping[str, Any], listed: Sequence[Spool]) -> str:
        digest = hashlib.sha256()
        with self._open(MANIFEST, "application/json") as file:
            for piece in _manifest(head, listed):
                digest.update(piece)
                file.write(piece)
        return digest.hexdigest()

    @contextmanager
    def _member(self, name: str, media_type: str) -> Iterator[BinaryIO]:
        with self._open(name, media_type) as opened:
            hashed = _Hashed(opened)
            yield cast(BinaryIO, hashed)
        known = {"name": name, "size": hashed.size, "sha256": hashed.digest.hexdigest(), "media_type": media_type}
        self._listed.add(json.dumps(known, ensure_ascii=False))

    def _open(self, name: str, media_type: str) -> Any:
        info = zipfile.ZipInfo(name, date_time=self._at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_STORED if media_type in _PACKED else zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return self._zip.open(info, "w", force_zip64=media_type != "audio/mpeg")


class _Counted(io.RawIOBase):
    """Where the ZIP file goes: counted and hashed. It cannot be read back or gone back in, so that zipfile streams."""

    def __init__(self, target: BinaryIO) -> None:
        super().__init__()
        self._target = target
        self.size = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        piece = bytes(data)
        self._target.write(piece)
        self.digest.update(piece)
        self.size += len(piece)
        return len(piece)


class _Hashed(io.RawIOBase):
    """One file of the package while it is written."""

    def __init__(self, target: Any) -> None:
        super().__init__()
        self._target = target
        self.size = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._target.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)


def _read(listed: Spool) -> Iterator[Listed]:
    for line in listed.lines():
        known = json.loads(line)
        yield Listed(name=known["name"], size=known["size"], sha256=known["sha256"])


def _manifest(head: Mapping[str, Any], listed: Sequence[Spool]) -> Iterator[bytes]:
    """The manifest, a file to a line."""
    yield json.dumps(head, ensure_ascii=False).encode()[:-1] + b', "files": ['
    first = True
    for spool in listed:
        for line in spool.lines():
            yield (b"\n" if first else b",\n") + line.encode()
            first = False
    yield b"\n]}\n"


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError("a name in a package is made of plain words, divided by /")
