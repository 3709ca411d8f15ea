"""Tells Django where the tables of backups are."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    """The backups of all customers: which there are, until when."""

    name = "parley.backups"
    label = "backups"
