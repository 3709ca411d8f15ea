"""Make migrations without a database: `python -m parley.project.migrations [APP ...] [--check]`.

Django's own command wants to look into every database first, and here a database needs a customer.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command


def main(arguments: list[str]) -> None:
    """Write what is missing for the apps in `arguments` (all when none); with --check exit 1 if something is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parley.project.settings")
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
    settings.DATABASE_ROUTERS = []
    django.setup()
    call_command("makemigrations", *arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
