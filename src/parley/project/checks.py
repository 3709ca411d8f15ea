"""`python -m parley.project.checks`: what the type checker and the linters cannot see.

Two questions: does every model have its migration, and does a table of personal data (or its opposite, a stated reason)
mention every field that a model stores?
"""

import os
import sys
from collections.abc import Iterator

import django
from django.apps import apps
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from parley.inventory.api import Declaration, installed, unclassified


def own_models() -> list[type[models.Model]]:
    """Every model that a Parley package defines."""
    return [model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("parley.")]


def declarations() -> list[Declaration]:
    """The rows of every `personal_data.py` of an installed Parley package."""
    return installed("DECLARATIONS")


def missing_migrations() -> Iterator[str]:
    """A line for each change of a model that no migration makes."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    for app, migrations in detector.changes(graph=loader.graph).items():
        for migration in migrations:
            for operation in migration.operations:
                yield f"{app}: no migration for: {operation.describe()}"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parley.project.settings")
    django.setup()
    problems = [*missing_migrations(), *unclassified(own_models(), declarations())]
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    sys.stdout.write(f"checks: {len(own_models())} models, {len(problems)} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
