"""Tells Django where the recordings' migrations are."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    """The recordings of each customer, in the customer's own database."""

    name = "parley.recordings"
    label = "recordings"
