"""A package: one ZIP file of tables, files, a page that lists them, and a manifest with their hashes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import BinaryIO
from uuid import UUID

from parley.exports.types import Package
from parley.inventory.api import ExportOptions, Store


def write_package(
    target: BinaryIO,
    *,
    batches: Iterable[tuple[Store, Sequence[UUID]]],
    options: ExportOptions,
    title: str = "",
    extra: Mapping[str, bytes] | None = None,
    database: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> Package:
    """Write a package of `batches` into `target`, which is only ever written forward. No rows, no change of scope.

    `extra` are further files by name; `database` adds every declared table of the customer's database that no store
    answers for. `progress` is told how many records are written. Memory does not grow with the number of records,
    but for an entry of the ZIP file's directory for each file.
    """
    raise NotImplementedError
