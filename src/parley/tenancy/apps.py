"""Tenancy as Django knows it."""

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "parley.tenancy"
    label = "tenancy"
    default_auto_field = "django.db.models.BigAutoField"
