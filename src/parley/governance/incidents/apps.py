"""Tells Django where the tables of incidents are."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Personal data breaches: whom they touch, the clock of each customer, notices, the register of breaches."""

    name = "parley.governance.incidents"
    label = "incidents"
