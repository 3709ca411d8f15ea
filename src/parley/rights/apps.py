"""Tells Django where the tables of rights are."""

from django.apps import AppConfig


class RightsConfig(AppConfig):
    """The requests of persons, sealed to the customer."""

    name = "parley.rights"
    label = "rights"
