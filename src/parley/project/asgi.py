"""The server-sent events as an ASGI application."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parley.project.settings")
django.setup()

from parley.web.events import application  # noqa: E402 - its models need Django to be set up

__all__ = ["application"]
