"""Tells Django where the tables of lifecycle are."""

from django.apps import AppConfig


class LifecycleConfig(AppConfig):
    """Departures of customers: what is gone, what remains, until when."""

    name = "parley.lifecycle"
    label = "lifecycle"
