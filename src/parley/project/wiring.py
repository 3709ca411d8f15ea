"""The one place that connects what lower parts ask for with the higher parts that offer it."""

from parley.people.api import create_administrator
from parley.tenancy.api import enrol_with


def connect() -> None:
    """Called once per process, when all parts are loaded."""
    enrol_with(create_administrator)
