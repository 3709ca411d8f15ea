"""Which database a model lives in: the provider's own in the provider's, all others in the customer's.

A model of the provider is one of the tenancy app, or one whose class says `of_provider = True`.
"""

from typing import Any

from django.apps import apps
from django.db.models import Model

PROVIDER_APPS = frozenset({"tenancy"})


def of_provider(model: type[Model]) -> bool:
    """Whether rows of `model` belong to the provider, and exist in its database alone."""
    return model._meta.app_label in PROVIDER_APPS or getattr(model, "of_provider", False)


class TenancyRouter:
    """Django's router (`DATABASE_ROUTERS`)."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        return "provider" if of_provider(model) else "default"

    db_for_write = db_for_read

    def allow_relation(self, left: Model, right: Model, **_hints: Any) -> bool:
        """No foreign key leads from a customer's data to the provider's."""
        return of_provider(left.__class__) == of_provider(right.__class__)  # also of what stands for an account

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: Any) -> bool:
        """The provider's database has all tables, for the provider is a tenant too."""
        if db == "provider":
            return True
        if app_label in PROVIDER_APPS:
            return False
        known = model_name is not None and model_name in apps.all_models[app_label]
        return not (known and of_provider(apps.get_model(app_label, str(model_name))))
