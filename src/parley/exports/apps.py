"""Tells Django where the tables of exports are."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """The saved exports of each customer."""

    name = "parley.exports"
    label = "exports"
