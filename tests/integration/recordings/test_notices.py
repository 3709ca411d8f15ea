"""New recordings are told by e-mail to those who want it and may see them: once, bundled, and only what may be said."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker
from tests.integration.recordings.conftest import Place
from tests.integration.web.test_obligation_pages import PASSWORD, signed_in
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import entries
from tests.support.smtp_sink import Sink, Taken, sink
from tests.support.spooled import Spooler

from parley.governance.contract import api as contract
from parley.inventory.api import Held
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.people import api as people
from parley.people.models import DueNotice
from parley.recordings import api as recordings
from parley.recordings.models import Recording
from parley.retention import api as retention
from parley.storage.api import open_store
from parley.tenancy import api as tenancy

ZONE = "Asia/Kolkata"
BY = UUID(int=7)
STEP = people.notices.BETWEEN + timedelta(seconds=1)
KILLED = Path(__file__).parents[2] / "support" / "killed_notice.py"


@dataclass
class Office:
    """A customer whose recordings are made by the real parts, and the mail server that its letters reach."""

    place: Place
    mail: Sink
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def customer(self) -> tenancy.Customer:
        return self.place.customer

    def recorded(self, *, rendered: bool = True) -> UUID:
        recording_id = self.place.recorded()
        if rendered:
            self.place.render()
        return recording_id

    def work(self, *, later: timedelta = timedelta(), letters: bool = True, courier: bool = True) -> None:
        """The worker's rounds for letters and for mail, `later` than the last."""
        self.now = max(self.now, datetime.now(UTC)) + later
        handlers = dict(recordings.notices.handlers()) if letters else {}
        if courier:
            handlers["mail.send"] = self.mail.courier().attempt
        obligations.run_due(self.customer, handlers=handlers, now=self.now)

    def to(self, name: str) -> list[Taken]:
        return self.mail.to(address(name))

    def count(self) -> dict[str, int]:
        return {name: len(self.to(name)) for name in PEOPLE}


PEOPLE: Final[dict[str, tuple[people.Role, people.notices.Calls, list[str], list[str]]]] = {
    "anna": ("user", "own", ["+390584943232"], ["sales"]),  # the caller
    "sue": ("supervisor", "all", [], ["sales"]),
    "tess": ("supervisor", "all", ["+390584000001"], ["support"]),
    "dina": ("user", "all", ["+390584000002"], []),
    "carl": ("compliance", "all", [], []),
    "abe": ("administrator", "own", ["+390584000003"], []),
    "nora": ("compliance", "none", [], []),
}
TOLD = {"anna": 1, "sue": 1, "tess": 0, "dina": 0, "carl": 1, "abe": 0, "nora": 0}
"""Letters about a call of Anna's."""


def address(name: str) -> str:
    return f"{name}@notices.example"


def person(name: str) -> people.User:
    return people.User.objects.get(email=address(name))


@pytest.fixture(scope="module")
def office(
    make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("notices")
    (folder / "scratch").mkdir()
    with django_db_blocker.unblock(), sink(folder) as server:
        customer = make_customer()
        with tenancy.scope(customer):
            contract.change_order(by="test", at=datetime.now(UTC), zone=ZONE)
            customer = tenancy.by_id(customer.id) or customer
            for name, (role, calls, numbers, groups) in PEOPLE.items():
                user = people.create_user(
                    email=address(name), name=name.title(), password=PASSWORD, role=role, numbers=numbers, groups=groups
                )
                people.notices.choose_notices(user.id, calls)
        url = f"file://{folder / 'objects'}"
        place = Place(
            customer=customer, spooler=Spooler(folder / "spool", customer), store=open_store(url),
            scratch=folder / "scratch", url=url,
        )  # fmt: skip
        yield Office(place, server)


@pytest.fixture(autouse=True)
def quiet(office: Office, unblocked: None) -> Iterator[None]:
    """Each test begins in the scope, with an empty mail box, when nobody was written to for a while."""
    with tenancy.scope(tenancy.by_id(office.customer.id) or office.customer):
        office.work(later=STEP)
        office.work(later=STEP)
        office.mail.taken.clear()
        yield


def test_whoever_may_see_a_finished_recording_is_told_once_and_later_together(office: Office) -> None:
    recording_id = office.recorded(rendered=False)
    office.work()
    assert not office.mail.taken, "it is not ready yet"
    office.place.render()
    office.work()
    office.work()
    assert office.count() == TOLD
    row = Recording.objects.get(id=recording_id)
    (letter,) = office.to("anna")
    started = row.started_at.astimezone(ZoneInfo(ZONE))
    assert f"/c/{office.customer.handle}/recordings/{recording_id}/" in letter.text
    assert f"{started:%d %B %Y, %H:%M:%S} ({ZONE}), inbound, 0:00:01" in letter.text
    said = letter.content.decode()
    assert office.mail.signed(letter) and not letter.message.is_multipart()
    assert not [word for word in ("943232", "1112233", "Ada", "Quill", "Zebedee") if word in said]

    more = [office.recorded(), office.recorded(), office.recorded()]
    office.work(later=timedelta(minutes=5))
    assert office.count() == TOLD, "nobody is flooded"
    with transaction.atomic():
        people.set_level(person("sue").id, level="own", may_download=False, may_delete=False, by=BY, at=office.now)
    try:
        office.work(later=STEP)
        office.work(later=STEP)
    finally:
        people.set_level(person("sue").id, level="group", may_download=False, may_delete=False, by=BY, at=office.now)
    assert office.count() == {**TOLD, "anna": 2, "carl": 2}, "what counts is what one may see when it is written"
    bundle = office.to("carl")[1]
    assert bundle.message["Subject"] == "3 new recordings"
    assert all(f"/recordings/{one}/" in bundle.text for one in more) and str(recording_id) not in bundle.text
    assert not DueNotice.objects.exists()
    kept = mail.messages(purpose="recording-notice")
    assert kept and all(not mail.content(one.id).text for one in kept), "what a letter said is not kept"


@pytest.mark.parametrize("kind", [recordings.notices.TELL, recordings.notices.LETTER, recordings.notices.TOLD])
def test_a_kill_in_the_middle_neither_doubles_nor_loses_a_letter(office: Office, kind: str) -> None:
    recording_id = office.recorded()
    if kind == recordings.notices.TOLD:
        office.work(courier=False)
        office.work(letters=False)
    command = [sys.executable, str(KILLED), str(office.customer.id), office.now.isoformat(), kind]
    died = subprocess.run(command, check=False)
    assert died.returncode == -signal.SIGKILL
    for _ in range(4):
        office.work(later=timedelta(minutes=5))
    assert office.count() == TOLD
    assert all(f"/recordings/{recording_id}/" in one.text for one in office.mail.taken)
    assert not DueNotice.objects.exists()


def test_held_restricted_and_erased_recordings_are_told_to_nobody(office: Office) -> None:
    ids = held, restricted, erased, told = [office.recorded() for _ in range(4)]
    at = {row.id: row.started_at for row in Recording.objects.filter(id__in=ids)}
    of = {one: Held(store="recordings", kind="recording", id=one, at=at[one]) for one in ids}
    hold = retention.place_hold(
        title="claim", ground="claims", owner=person("carl").id, review_at=office.now + timedelta(days=90),
        records=[of[held]], by=person("carl").id, at=office.now,
    )  # fmt: skip
    retention.restrict([of[restricted]], reference="R-1", ground="accuracy", at=office.now, by=BY)
    office.work(courier=False)
    assert DueNotice.objects.filter(recording=erased, letter__isnull=False).count() == 3
    with recordings.using_store(office.place.store), transaction.atomic():
        recordings.STORE.erase([erased])
    assert not DueNotice.objects.filter(recording=erased).exists()
    office.work(later=STEP)
    office.work(later=STEP)
    assert office.count() == TOLD
    for letter in office.mail.taken:
        assert str(told) in letter.text and letter.message["Subject"] == "A new recording"
    retention.lift_hold(hold.id, by=person("carl").id, reason="settled", at=office.now)


def test_the_customer_decides_what_letters_say_and_whether_any_leaves(office: Office) -> None:
    recordings.notices.let_write("named", by=BY, at=office.now)
    office.recorded()
    office.work()
    named = "Ada Quillfeather +390584943232 – Bruno Zebedee +390501112233"
    assert named in office.to("anna")[0].text
    office.recorded()
    office.work(later=STEP, courier=False)
    recordings.notices.let_write("plain", by=BY, at=office.now)  # the letters that name somebody wait in the outbox
    office.work(later=STEP)
    office.work(later=STEP)
    assert office.count() == {name: 2 * count for name, count in TOLD.items()}
    assert named not in office.to("anna")[1].text
    office.recorded()
    office.work(later=STEP, courier=False)
    office.recorded()
    office.work(courier=False)  # one is in a letter that waits, the other is owed
    recordings.notices.let_write("off", by=BY, at=office.now)
    office.recorded()
    office.work(later=STEP)
    recordings.notices.let_write("plain", by=BY, at=office.now)
    office.work(later=STEP)
    assert office.count() == {name: 2 * count for name, count in TOLD.items()}, "nothing leaves, nothing is told later"
    assert not DueNotice.objects.exists()
    assert "people.notice-letters-set" in {kind for kind, _clause in entries()}


def test_pages_let_a_person_choose_and_a_compliance_officer_forbid(office: Office) -> None:
    home = f"/c/{office.customer.handle}/"
    anna, carl = signed_in(home, address("anna")), signed_in(home, address("carl"))
    assert b'value="own" checked' in anna.get(f"{home}account/").content
    assert anna.post(f"{home}account/", {"deed": "notices", "calls": "all"}).status_code == 302
    assert people.notices.notice_choice(person("anna").id) == "all"
    assert anna.post(f"{home}account/", {"deed": "notices", "calls": str(uuid4())}).status_code == 302
    assert people.notices.notice_choice(person("anna").id) == "none"
    rules = f"{home}people/rules"
    assert anna.post(rules, {"deed": "letters", "letters": "off"}).status_code == 403
    assert carl.post(rules, {"own_visible": "on"}).status_code == 403, "administrators alone change the other rules"
    assert carl.post(rules, {"deed": "letters", "letters": "off"}).status_code == 302
    assert people.notices.notice_letters() == "off"
    assert b"lets no letters" in anna.get(f"{home}account/").content
    assert carl.post(rules, {"deed": "letters", "letters": "plain"}).status_code == 302
    people.notices.choose_notices(person("anna").id, "own")


def test_where_the_customer_holds_the_key_a_letter_names_nobody(office: Office, make_customer: MakeCustomer) -> None:
    sealed = make_customer(custody="customer-held")
    with tenancy.scope(sealed):
        user = people.create_user(email="zoe@notices.example", name="Zoe", password=None, role="administrator")
        people.notices.choose_notices(user.id, "all")
        recordings.notices.let_write("named", by=user.id, at=datetime.now(UTC))
        recording_id = recordings.finalize(
            Spooler(office.place.spool, sealed).close(), store=office.place.store, now=datetime.now(UTC)
        )
        handlers = {**recordings.notices.handlers(), "mail.send": office.mail.courier().attempt}
        obligations.run_due(sealed, handlers=handlers, now=datetime.now(UTC) + timedelta(seconds=1))
    (letter,) = office.mail.to("zoe@notices.example")
    assert str(recording_id) in letter.text and "+39" not in letter.text and "Ada" not in letter.text
