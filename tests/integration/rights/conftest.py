"""What the tests of rights share: customers under each agreement, their officer, a mail server, the worker's round."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.support.installation import MakeCustomer, tenancy
from tests.support.smtp_sink import Sink, sink

from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.people import api as people
from parley.project import wiring
from parley.rights import api as rights

AGREEMENTS = ("imagicle-dpa", "kavkom-dpa", "ixcloud-dpa", "imagino-policy", "ucx-terms")
PRIVACY = "privacy@customer.example"
PERSON = "ada@person.example"
NUMBER = "+390584943232"
_OURS = ("mail.", "rights.", "exports.", "duty.")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Place:
    """A customer in scope with somebody who may give its word, and the worker that does its mail and jobs."""

    customer: tenancy.Customer
    officer: UUID
    server: Sink

    def ask(self, *kinds: str, at: datetime | None = None, **more: object) -> rights.Receipt:
        given: dict[str, object] = {"channel": "portal", "email": PERSON, "name": "Ada Marker", "text": "my data"}
        at = at or now()
        return rights.receive(kinds=kinds or ("access",), **(given | {"received_at": at, "at": at} | more))  # type: ignore[arg-type]

    def view(self, receipt: rights.Receipt, at: datetime | None = None) -> rights.RequestView:
        return rights.request(receipt.id, at=at or now())

    def work(self, at: datetime | None = None) -> obligations.Outcome:
        """The worker's rounds, as far as requests are concerned: what a job opens is done too."""
        every = {**wiring.job_handlers(), **wiring.long_handlers(), "mail.send": self.server.courier().attempt}
        handlers = {kind: handler for kind, handler in every.items() if kind.startswith(_OURS)}
        done = 0
        for _ in range(4):
            outcome = obligations.run_due(self.customer, handlers=handlers, now=at or now())
            done += outcome.done
            if not outcome.done:
                break
        return obligations.Outcome(done=done, failed=outcome.failed, next_due=outcome.next_due)

    def verified(self, *kinds: str, at: datetime | None = None, **more: object) -> rights.Receipt:
        """A request in work: the controller knows the person, and gave its word where that is wanted."""
        receipt = self.ask(*kinds, at=at, **more)
        rights.verify(receipt.id, means="known-to-controller", by=self.officer, at=at or now())
        if self.view(receipt).state == "waiting-for-controller":
            rights.authorise(receipt.id, by=self.officer, at=at or now())
        return receipt


@pytest.fixture(scope="session")
def mail_server(data_dir: Path) -> Iterator[Sink]:
    with sink(data_dir / "keys-of-rights") as server:
        yield server


@pytest.fixture
def make_place(make_customer: MakeCustomer, mail_server: Sink) -> Iterator[Callable[..., Place]]:
    """`make_place("ixcloud-dpa", custody="customer-held")`: in scope until the test ends."""
    scopes = []
    mail_server.taken.clear()
    mail_server.refused.clear()
    mail_server.mode = "accept"

    def make(agreement: str = "imagicle-dpa", *, addresses: tuple[str, ...] = (PRIVACY,), **more: object) -> Place:
        customer = make_customer(agreement=agreement, **more)
        scope = tenancy.scope(customer)
        scope.__enter__()
        scopes.append(scope)
        officer, _admin = (_account(role) for role in ("compliance", "administrator"))
        if addresses:
            contract.change_order(by=str(officer), at=now(), notice_addresses=addresses, zone="Europe/Rome")
        return Place(customer=customer, officer=officer, server=mail_server)

    yield make
    for scope in reversed(scopes):
        scope.__exit__(None, None, None)


def _account(role: str) -> UUID:
    """Somebody who never signs in: hashing a password takes longer than most of these tests."""
    account = people.User(
        id=uuid4(), email=f"{role}@customer.example", name=role.title(), role=role, password="!", created_at=now(),
        level="complete" if role in people.SEES_ALL else "own",
    )  # fmt: skip
    account.save(force_insert=True)
    return account.id


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    """A customer under imagicle-dpa, whose agreement lets the provider answer."""
    return make_place()


MONTH = timedelta(days=31)
