"""What lower parts call back. `wiring` is imported with the first call: it knows every part, and a recorder or a
sequencer, which call none of these, is back sooner when it was killed."""

from collections.abc import Sequence

from parley.inventory.api import Store, connect_stores
from parley.obligations import api as obligations
from parley.tenancy.api import NewUser, enrol_with, sign_with


def connect() -> None:
    """Called once per process, when all parts are loaded."""
    enrol_with(_enrol)
    sign_with(_sign)
    connect_stores(_stores)
    obligations.on_warning(_warn)
    obligations.on_overdue(_sound)


def _stores() -> Sequence[Store]:
    from parley.project import wiring

    return wiring.stores()


def _enrol(new: NewUser) -> None:
    from parley.project import wiring

    wiring.enrol(new)


def _sign(agreements: Sequence[str], administrator: NewUser | None) -> None:
    from parley.project import wiring

    wiring.sign_at_creation(agreements, administrator)


def _warn(duty: obligations.DutyView) -> None:
    from parley.project import wiring

    wiring.warn(duty)


def _sound(duty: obligations.DutyView) -> None:
    from parley.project import wiring

    wiring.sound(duty)
