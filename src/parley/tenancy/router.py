"""Which database a model lives in: tenancy's in the provider's, all others in the customer's."""

from typing import Any

from django.db.models import Model

PROVIDER_APPS = frozenset({"tenancy"})


class TenancyRouter:
    """Django's router (`DATABASE_ROUTERS`)."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        return "provider" if model._meta.app_label in PROVIDER_APPS else "default"

    db_for_write = db_for_read

    def allow_relation(self, left: Model, right: Model, **_hints: Any) -> bool:
        """No foreign key leads from a customer's data to the provider's."""
        return self.db_for_read(type(left)) == self.db_for_read(type(right))

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        """The provider's database has all tables, for the provider is a tenant too."""
        return db == "provider" or app_label not in PROVIDER_APPS
