"""Tells Django where the ledger's migrations are."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The tables of the ledger; written with SQL, never through the ORM."""

    name = "parley.ledger"
    label = "ledger"
