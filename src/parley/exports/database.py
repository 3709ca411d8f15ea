"""Every declared table of the customer's database that no store answers for, as it is stored, without secrets.

Values that are sealed as age files are opened where the provider holds the key, and stay sealed (base64) elsewhere.
What is declared as withheld (hashes of passwords, tokens, derived indexes) is left out, and named in the ADR.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final, Protocol

from django.apps import apps
from django.db import router
from django.db.models import BinaryField, Model

from parley.exports.tables import Table
from parley.foundation.declarations import Declaration, PersonalData
from parley.inventory.api import installed, stores
from parley.sealing.api import SealingError, open_bytes
from parley.tenancy import api as tenancy

_AGE: Final = b"age-encryption.org/v1\n"
_CHUNK: Final = 2000


class Tables(Protocol):
    """Where the tables go."""

    def table(self, name: str, columns: Sequence[str]) -> Table: ...


def database_rows(sink: Tables) -> None:
    """Write the tables `database/<app>.<Model>`, and `database/trunks` of the provider's register."""
    identities = tenancy.keyring().identities(tenancy.current())
    opened = partial(_opened, identities=identities)
    for model, fields in declared_tables():
        table = sink.table(f"database/{model._meta.label}", fields)
        rows = model._default_manager.order_by("pk").values_list(*fields).iterator(chunk_size=_CHUNK)
        for row in rows:
            table.add(dict(zip(fields, map(opened, row), strict=True)))
    trunks = sink.table("database/trunks", ("id", "name", "sources", "own_numbers", "region"))
    for trunk in tenancy.trunks(tenancy.current()):
        values = {
            "id": trunk.id, "name": trunk.name, "sources": list(trunk.sources), "own_numbers": list(trunk.own_numbers),
            "region": trunk.region,
        }  # fmt: skip
        trunks.add(values)


def declared_tables() -> Iterator[tuple[type[Model], tuple[str, ...]]]:
    """The models of the customer's database that no store answers for, with the columns that may be handed out."""
    declarations = installed("DECLARATIONS")
    covered = frozenset[str]().union(*(store.models for store in stores()))
    by_field = {(one.model, field): one for one in declarations for field in one.fields}
    for model in sorted(apps.get_models(include_auto_created=True), key=lambda one: one._meta.label):
        label = model._meta.label
        if label in covered or router.db_for_read(model) == "provider" or model._meta.proxy:
            continue
        fields = tuple(
            field.attname
            for field in model._meta.local_concrete_fields
            if _handed_out(by_field.get((label, field.name)), sealed=isinstance(field, BinaryField))
        )
        if fields and any(one == label for one, _field in by_field):
            yield model, fields


def _handed_out(declared: Declaration | None, *, sealed: bool) -> bool:
    """Whether a column goes into the table: declared, and neither withheld nor a key, an index or a hash in bytes."""
    if isinstance(declared, PersonalData):
        return declared.export in {"value", "unsealed"}
    return declared is not None and not sealed


def _opened(value: Any, *, identities: tuple[str, ...]) -> Any:
    """A value in clear, where it is an age file that one of `identities` opens."""
    if not isinstance(value, bytes | memoryview):
        return value
    data = bytes(value)
    if identities and data.startswith(_AGE):
        try:
            return open_bytes(data, identities).decode()
        except (SealingError, UnicodeDecodeError):
            return data
    return data
