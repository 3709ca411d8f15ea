"""Tells Django where the tables of the scrub are."""

from django.apps import AppConfig


class ScrubbingConfig(AppConfig):
    """Each reading of a customer's objects, and what was found damaged."""

    name = "parley.recordings.scrubbing"
    label = "scrubbing"
