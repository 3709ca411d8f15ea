"""What the tests of audits share: a store, the letters, a worker's turn, a sequencer's turn."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from parley.governance.audits import api as audits
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.people.api import create_user
from parley.project.wiring import LETTERS
from parley.storage.api import open_store
from parley.tenancy import api as tenancy

PDF = b"%PDF-1.7 a proof"


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def store(tmp_path):
    return open_store((tmp_path / "objects").as_uri())


@pytest.fixture
def work(store, tmp_path):
    """`work(customer)`: what the worker does of audits for one customer."""
    handlers = audits.handlers(store=store, fonts=LETTERS, scratch=tmp_path / "scratch")
    return partial(_turn, handlers)


def _turn(handlers, customer, *, now=None):
    outcome = obligations.run_due(customer, handlers=handlers, now=now or datetime.now(UTC))
    assert outcome.failed == 0
    return outcome.done


def integrate(customer):
    """What the sequencer does, the provider's countersignature included."""
    with tenancy.connect(customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=tenancy.keyring().ledger_signer(customer))


@pytest.fixture(scope="session")
def officer(cluster, django_db_blocker):
    """Somebody of the provider's staff."""
    with django_db_blocker.unblock(), tenancy.scope(tenancy.provider()):
        made = create_user(
            email="officer@provider.example", name="Odile", password="a sentence that nobody guesses 8",
            role="operator",
        )  # fmt: skip
        return UUID(str(made.id))
