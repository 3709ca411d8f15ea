"""Tells Django where the tables of instructions are."""

from django.apps import AppConfig


class InstructionsConfig(AppConfig):
    """Documented instructions, transfers that were confirmed, acceptable use."""

    name = "parley.governance.instructions"
    label = "instructions"
