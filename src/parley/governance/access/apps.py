"""Tells Django where the tables of access are."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Access by the provider's staff: none by default, break-glass with an end; access reviews; key procedures."""

    name = "parley.governance.access"
    label = "access"
