"""Tells Django where the tables of contacts are."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """The contacts of each customer, sealed to its keys."""

    name = "parley.contacts"
    label = "contacts"
