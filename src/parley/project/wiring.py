"""The one place that connects what lower parts ask for with the higher parts that offer it."""

from collections.abc import Mapping

from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations.api import Handler
from parley.people.api import create_administrator
from parley.tenancy.api import enrol_with, sign_with


def connect() -> None:
    """Called once per process, when all parts are loaded."""
    enrol_with(create_administrator)
    sign_with(contract.sign_at_creation)


def job_handlers() -> Mapping[str, Handler]:
    """What the worker does besides rendering, by the kind of its deadline."""
    return {**contract.handlers(), **mail.handlers()}
