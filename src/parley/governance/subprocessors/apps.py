"""Tells Django where the tables of subprocessors are."""

from django.apps import AppConfig


class SubprocessorsConfig(AppConfig):
    """The register of sub-processors, planned changes, objections, when egress opens for whom."""

    name = "parley.governance.subprocessors"
    label = "subprocessors"
