"""The one place that connects what lower parts ask for with the higher parts that offer it."""

from collections.abc import Mapping, Sequence

from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.mail import api as mail
from parley.obligations.api import Handler, Work
from parley.people.api import create_administrator
from parley.tenancy.api import NewUser, enrol_with, sign_with


def connect() -> None:
    """Called once per process, when all parts are loaded."""
    enrol_with(create_administrator)
    sign_with(_sign_at_creation)


def job_handlers() -> Mapping[str, Handler]:
    """What the worker does besides rendering, by the kind of its deadline."""
    return {
        **contract.handlers(),
        **mail.handlers(),
        **subprocessors.handlers(),
        contract.SETTLE: _settle_contract,
    }


def _sign_at_creation(agreements: Sequence[str], administrator: NewUser | None) -> None:
    """A new customer signs, and thereby authorises the sub-processors that the register lists."""
    contract.sign_at_creation(agreements, administrator)
    subprocessors.authorise_listed()


def _settle_contract(work: Work) -> None:
    """After each signature: the standing follows, and what the register listed then is authorised."""
    contract.settle_again(work)
    subprocessors.authorise_listed()
