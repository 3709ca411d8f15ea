"""The Django application of the consoles: templates, static files, template words. It has no tables of its own."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "parley.web"
    label = "web"
