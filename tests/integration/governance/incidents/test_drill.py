"""The incident drill: declared once, every affected customer and no other is told by real mail, each by its own clock.

The mail server is away for an hour in the middle, which is moved through by argument, and the worker dies over the
spreading: nothing is lost, nothing doubled. The full size has 200 customers.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.support.breaches import CRITERIA, NOVEMBER, declare, furnish, office, turns
from tests.support.installation import MakeCustomer
from tests.support.smtp_sink import Sink

from parley.agreement import api as agreements
from parley.governance.incidents import api as incidents
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

WITHIN = {
    "imagicle-dpa": (48, "IM-3f.breach"),
    "kavkom-dpa": (48, "KV-6.breach"),
    "ixcloud-dpa": (24, "IX-10.incident"),
    "imagino-policy": (24, "IG-X.breach"),
    "ucx-terms": (24, "UX-X.breach"),
}
"""Hours by which each agreement has its customer told, and the clause that says so."""

DYING = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
import django
django.setup()
from parley.governance.incidents import api as incidents, spreading
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy
seen = 0
def dying(step):
    def told(*arguments, **named):
        global seen
        seen += 1
        if seen == int(sys.argv[1]) and step == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        whole(*arguments, **named)
        if seen == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
    return told
if sys.argv[2] == "copy":
    whole, spreading.copy_affected = spreading.copy_affected, dying("before")
else:
    whole, spreading.tell = spreading.tell, dying(sys.argv[2])
now = datetime.now(UTC) + timedelta(minutes=int(sys.argv[1]))
obligations.run_due(tenancy.provider(), handlers=incidents.handlers(), now=now)
"""


@dataclass(frozen=True)
class Expected:
    """One customer of the drill and what it must be told: nothing when it has no record in the time."""

    customer: tenancy.Customer
    agreement: str
    records: int
    persons: int

    @property
    def affected(self) -> bool:
        return self.records > 0


@pytest.fixture(params=["small", pytest.param("full", marks=pytest.mark.soak)])
def many(request: pytest.FixtureRequest, make_customer: MakeCustomer) -> list[Expected]:
    """Customers under five agreements; every fourth has recordings only of another time."""
    known = [name for name in WITHIN if name in agreements.available()]
    assert len(known) == 5
    found = []
    for number in range(200 if request.param == "full" else 12):
        agreement = known[number % len(known)]
        custody = "customer-held" if agreement == "ixcloud-dpa" else "local"
        made = make_customer(agreement=agreement, custody=custody)
        outside = number % 4 == 3
        records, callers = 1 + number % 5, 1 + number % 3
        furnish(made, recordings=records, callers=callers, at=NOVEMBER - timedelta(days=60) if outside else NOVEMBER)
        persons = 1 + min(records, callers)
        found.append(Expected(made, agreement, records=0 if outside else records, persons=0 if outside else persons))
    return found


def die(at: int, where: str) -> int:
    """The exit status of a worker that is killed at the `at`th customer of its slice."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", DYING, str(at), where], env=environment, check=False, timeout=60)
    return done.returncode


@pytest.mark.timeout(2400)
def test_every_affected_customer_and_no_other_is_told(many: list[Expected], server: Sink) -> None:
    begun = time.monotonic()
    customers = [one.customer for one in many]
    incident = declare(criteria=CRITERIA)
    known_at = incidents.incident(incident).known_at
    for number, where in enumerate(("before", "after", "copy"), 2):
        assert die(number, where) == -signal.SIGKILL
    server.mode = "away"
    wave([], server, later=timedelta(minutes=10))
    assert incidents.progress(incident).finished
    wave(customers, server, later=timedelta(minutes=65))
    assert server.taken == [] and told(incident) == 0
    server.mode = "accept"
    wave(customers, server, later=timedelta(minutes=90))
    wave(customers, server, later=timedelta(days=1))

    arrived = Counter(recipient for one in server.taken for recipient in one.recipients)
    expected = [one for one in many if one.affected]
    mine = {office(one.customer) for one in many}
    assert {address: arrived[address] for address in arrived.keys() & mine} == {
        office(one.customer): 1 for one in expected
    }
    assert len({one.message_id for one in server.taken}) == len(server.taken)
    lines = {line.handle: line for line in incidents.customer_lines(incident, limit=1000)}
    for one in expected:
        check(one, incident, known_at=known_at, server=server)
        line = lines[one.customer.handle]
        assert (line.records, line.persons, line.told_phase, line.problem) == (one.records, one.persons, 1, "")
    for one in many:
        if not one.affected:
            assert one.customer.handle not in lines
            with tenancy.scope(one.customer):
                assert incidents.affairs() == [] and mail.messages(purpose="incident-notice") == []
    notices = sum(arrived[address] for address in mine)
    sys.stdout.write(
        f"drill: {len(many)} customers under {len({one.agreement for one in many})} agreements,"
        f" {len(expected)} affected; {notices} notices by SMTP, each once and signed; 3 kills while spreading,"
        f" mail server away 1 h; {time.monotonic() - begun:.1f} s\n"
    )


def wave(customers: Iterable[tenancy.Customer], server: Sink, *, later: timedelta) -> None:
    """The provider's slices first, however many, then what they left at the customers."""
    turns([], server=server, later=later, rounds=1)
    turns(customers, server=server, later=later, rounds=1)


def told(incident: UUID) -> int:
    return incidents.incident(incident).told


def check(one: Expected, incident: UUID, *, known_at: datetime, server: Sink) -> None:
    """One customer's notice is right: its counts, its clause, its clock, its signature, its proof."""
    (taken,) = server.to(office(one.customer))
    hours, clause = WITHIN[one.agreement]
    with tenancy.scope(one.customer):
        affair = incidents.affair(incident)
        (message,) = mail.messages(purpose="incident-notice")
        notify = obligations.duty(f"incident-known:{incident}:notify")
    assert (affair.records, affair.persons) == (one.records, one.persons)
    assert affair.due == known_at + timedelta(hours=hours)
    assert affair.clause == clause
    assert notify is not None and notify.due == affair.due and notify.state == "met"
    assert (message.message_id, message.state) == (taken.message_id, "sent")
    assert server.signed(taken)
    text = " ".join(taken.text.split())
    plural = "record" if one.records == 1 else "records"
    assert f"{one.records} {plural}, about {one.persons} persons" in text
    assert affair.clause in text and one.customer.name in text and f"{one.agreement}" in text
    assert affair.promised == (hours == 48)
    assert ("without undue delay" in text) == (hours == 24)
