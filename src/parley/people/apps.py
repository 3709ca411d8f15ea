"""People as Django knows them."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "parley.people"
    label = "people"
