"""Tells Django where the tables of retention are."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Retention of each customer: rules, holds, restrictions, what was deleted."""

    name = "parley.retention"
    label = "retention"
