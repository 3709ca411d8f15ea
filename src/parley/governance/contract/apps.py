"""Tells Django where the tables of contract are."""

from django.apps import AppConfig


class ContractConfig(AppConfig):
    """What the customer signed: agreements by version, its order, where notices go, the standing that gates ask."""

    name = "parley.governance.contract"
    label = "contract"
