"""Tells Django where the tables of audits are."""

from django.apps import AppConfig


class AuditsConfig(AppConfig):
    """Audits, audit packs, attestations of what only people can keep."""

    name = "parley.governance.audits"
    label = "audits"
