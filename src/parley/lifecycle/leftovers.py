"""What the provider's own tables say of a customer, and what becomes of it when the customer is gone."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db.models import Model

from parley.lifecycle.desk import rows

LEFTOVERS: Final[Mapping[str, str]] = {
    "access.AccessDocket": "support",
    "assistance.AssistanceDocket": "delete",
    "assistance.Disclosure": "delete",
    "audits.AuditOfCustomer": "delete",
    "backups.Backup": "delete",
    "backups.BackupObject": "delete",
    "backups.DrillRow": "delete",
    "backups.Scratch": "delete",
    "incidents.Considered": "keep",
    "instructions.SilentCompulsionRecord": "delete",
    "lifecycle.Departure": "keep",
    "obligations.CalendarLine": "delete",
    "retention.Noted": "delete",
    "retention.Tombstone": "delete",
    "subprocessors.Delivery": "delete",
    "tenancy.Trunk": "register",
    "tenancy.Wake": "register",
}
"""Tables of the provider that name a customer, and what becomes of the lines at its end: "support" on the day that the
agreement gives for support data (at once where it gives none), "keep" where a law wants it or it is this very record,
"register" where tenancy deletes them itself.
A table that is not listed stops the destruction: somebody must decide (`undecided`)."""
_COLUMNS: Final = ("customer", "customer_id")


def undecided() -> list[str]:
    """Tables of the provider that name a customer and that `LEFTOVERS` does not list."""
    return sorted(model._meta.label for model in _naming() if model._meta.label not in LEFTOVERS)


def _naming() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        provided = getattr(model, "of_provider", False) or model._meta.app_label == "tenancy"
        columns = {field.attname for field in model._meta.concrete_fields} | {
            field.name for field in model._meta.concrete_fields
        }
        if provided and columns & set(_COLUMNS):
            yield model


def delete(label: str, customer_id: UUID) -> int:
    found = _lines(label, customer_id)
    return found.delete()[0] if found is not None else 0


def count(label: str, customer_id: UUID) -> int:
    found = _lines(label, customer_id)
    return found.count() if found is not None else 0


def _lines(label: str, customer_id: UUID) -> Any:
    """The lines of a table of the provider that name the customer; None when this version has no such table."""
    model = next((one for one in _naming() if one._meta.label == label), None)
    if model is None:
        return None
    names = {field.name: field for field in model._meta.concrete_fields}
    column = "customer_id" if "customer_id" in names or names["customer"].is_relation else "customer"
    return rows(model).filter(**{column: customer_id})
