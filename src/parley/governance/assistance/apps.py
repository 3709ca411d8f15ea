"""Tells Django where the tables of assistance are."""

from django.apps import AppConfig


class AssistanceConfig(AppConfig):
    """Impact assessments, disclosures to authorities, complaints."""

    name = "parley.governance.assistance"
    label = "assistance"
