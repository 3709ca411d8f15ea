"""The project as Django knows it: once all parts are loaded, they are connected."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "parley.project"
    label = "project"

    def ready(self) -> None:
        from parley.project.hooks import connect

        connect()
