"""Packages that are written straight into a sealed file, and put into the store when they are whole."""

import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from django.conf import settings

from parley.exports.api import Package
from parley.recordings import api as recordings
from parley.sealing.api import AgeReader, AgeWriter
from parley.storage.api import StoredObject
from parley.tenancy import api as tenancy

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def write_sealed(
    key: str, *, recipients: Sequence[str], write: Callable[[BinaryIO], Package]
) -> tuple[Package, StoredObject]:
    """Have `write` write a package, sealed to `recipients` while it grows, and store it under `key`."""
    scratch = Path(settings.PARLEY_DATA_DIR) / "scratch"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=scratch) as file:
        sealed = AgeWriter(file, recipients)
        target = io.BufferedWriter(_Growing(sealed), buffer_size=1 << 16)
        made = write(cast(BinaryIO, target))
        target.flush()
        sealed.close()
        file.flush()
        return made, recordings.installed_store().put(key, Path(file.name))


def opened(key: str, customer: tenancy.Customer) -> BinaryIO:
    """The package under `key`: in clear where the provider holds the customer's key, else as it is stored."""
    file = recordings.installed_store().open(key)
    identities = tenancy.keyring().identities(customer)
    return cast(BinaryIO, AgeReader(file, identities).stream()) if identities else file


class _Growing(io.RawIOBase):
    """An age file that is being written, as a file to write forward only."""

    def __init__(self, sealed: AgeWriter) -> None:
        super().__init__()
        self._sealed = sealed

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        piece = memoryview(data).cast("B")
        self._sealed.write(piece)
        return len(piece)
