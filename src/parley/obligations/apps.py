"""Tells Django where the obligations' migrations are."""

from django.apps import AppConfig


class ObligationsConfig(AppConfig):
    """The deadlines of each customer, in the customer's own database."""

    name = "parley.obligations"
    label = "obligations"
