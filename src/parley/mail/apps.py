"""Tells Django where the outbox is."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """The outbox of each customer, in the customer's own database."""

    name = "parley.mail"
    label = "mail"
