"""Within 5 s of a call that should be recorded and is not, within 30 s of a stream that goes silent, it is known by
page, e-mail and webhook; what people want of running calls is done, and what nobody wants leaves only evidence.

A recorder process, sipp, a sender of RTP, an SMTP server, a receiver of webhooks; the rounds of the worker are ours.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoDbBlocker, Settings
from tests.integration.capture.opening import frames
from tests.integration.rest.conftest import bearer
from tests.support.hook_receiver import Receiver, receiving
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import entries
from tests.support.peers import Leg, Party, SippCall, speak, wait_for
from tests.support.recorder_place import Recorders, recorders
from tests.support.signalling_place import Wire, code
from tests.support.siprec_messages import Client, media_line, sdp, siprec_body
from tests.support.smtp_sink import Sink, sink

from parley.governance.contract import api as contract
from parley.obligations import api as obligations
from parley.people import api as people
from parley.project.alarms import tell_of_endpoint
from parley.recordings import api as recordings
from parley.storage.api import ObjectStore, open_store
from parley.tenancy import api as tenancy
from parley.tokens import api as tokens
from parley.webhooks import api as webhooks

ANNA, BRUNO = Party("+390584943232", "Anna Caller"), Party("+390266711", "Bruno Callee")
BOSS = people.Viewer(user_id=UUID(int=7), role="administrator", number_indexes=None, level="complete")
DESK = "desk@customer.example"
KEPT, DROPPED = "recording.sealed", "recording.left-out"


@dataclass
class Watched:
    customer: tenancy.Customer
    recorders: Recorders
    mail: Sink
    hooks: Receiver
    store: ObjectStore

    def work(self) -> None:
        """The worker's round for mail and webhooks."""
        obligations.run_due(self.customer, handlers={"mail.send": self.mail.courier().attempt}, now=datetime.now(UTC))
        webhooks.Courier(tell=tell_of_endpoint).turn(self.customer, stop=lambda: False)

    def told(self, cause: str, *, after: float) -> dict[str, float]:
        """Seconds from `after` (monotonic) until page, e-mail and webhook told of an open alarm of this cause."""
        found: dict[str, float] = {}

        def everywhere() -> bool:
            self.work()
            page = [one.id for one in recordings.alarms.alarms(open_only=True) if one.cause == cause]
            seen = {
                "page": bool(page),
                "mail": any(str(one) in taken.text for one in page for taken in self.mail.to(DESK)),
                "webhook": any(told.body["data"]["alarm"] in map(str, page) for told in self.hooks.taken),
            }
            for way, known in seen.items():
                if known:
                    found.setdefault(way, time.monotonic() - after)
            return len(found) == 3

        wait_for(f"{cause} told everywhere", everywhere, seconds=45)
        return found

    def call(self, folder: Path, seconds: float, *, ports: tuple[int, int], group: str) -> SippCall:
        return SippCall(
            folder=folder, target=self.recorders.sip, caller=ANNA, callee=BRUNO, group=group, seconds=seconds,
            media_ports=ports,
        )  # fmt: skip

    def finalised(self, name: str) -> UUID:
        """The call in the spool that is called so becomes what it is to become."""
        folder = self.recorders.spool / name
        wait_for("a closed call", (folder / "closed.json").exists)
        return recordings.finalize(folder, store=self.store, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def watched(cluster: Path, make_customer: MakeCustomer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    customer = make_customer(agreement="imagicle-dpa")
    tenancy.add_trunk(customer, name="alarms", sources=["127.0.0.1"], own_numbers=["+390584"])
    folder = tmp_path_factory.mktemp("alarms")
    with recorders(cluster) as made, sink(folder) as mail, receiving() as hooks, tenancy.scope(customer):
        contract.set_notice_addresses([DESK], by=str(BOSS.user_id), at=datetime.now(UTC))
        made.start()
        made.ready()
        yield Watched(customer, made, mail, hooks, open_store(f"file://{folder}/objects"))


@pytest.fixture(autouse=True)
def in_scope(watched: Watched, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), tenancy.scope(watched.customer):
        yield


@pytest.fixture
def hooked(watched: Watched, settings: Settings) -> Watched:
    settings.PARLEY_CALLBACK_ALLOW = (watched.hooks.place,)
    webhooks.make_endpoint(
        name="desk", url=watched.hooks.url, kinds=["alarm.raised"], by=BOSS.user_id, clause="x", at=datetime.now(UTC)
    )
    return watched


@pytest.mark.alone
@pytest.mark.timeout(120)
def test_alarms_are_known_in_time_everywhere(hooked: Watched, tmp_path: Path) -> None:
    audio = tmp_path / "audio"
    audio.write_bytes(os.urandom(8_000))
    call = hooked.call(tmp_path / "sipp", 34, ports=(16100, 16102), group="silent")
    one, two = call.ports
    speak(3, [Leg(16102, two, 8, audio, ssrc=2)])
    other = speak(33, [Leg(16100, one, 0, audio)])
    refused_at = time.monotonic()
    wire = Wire(hooked.recorders.sip)
    video = siprec_body(sdp(media_line("1", codecs="31")))
    for number in range(3):
        assert code(wire.ask(Client(port=wire.port, call_id=f"video-{number}").invite(video))) == 488
    refused = hooked.told("no-usable-media", after=refused_at)
    assert max(refused.values()) <= 5, refused
    (open_one,) = recordings.alarms.alarms(open_only=True)
    assert open_one.calls == 3 and len(hooked.mail.to(DESK)) == 1, "one alarm, told once"

    silent = hooked.told("silent", after=refused_at + 3)
    assert min(silent.values()) >= 15 and max(silent.values()) <= 30, silent
    speak(3, [Leg(16102, two, 8, audio, ssrc=2)])
    wait_for("heard again", lambda: "silent" not in {one.cause for one in recordings.alarms.alarms(open_only=True)})
    other.wait(40)
    call.finish()
    words = "".join(one.text + str(one.message["Subject"]) for one in hooked.mail.to(DESK))
    assert not any(word in words for word in ("390584943232", "390266711", "Anna", "Bruno"))
    print("alarms: seconds until told", refused, silent)


def _live(state: str, name: str = "") -> recordings.LiveCallView | None:
    """A call in that state: the one that is called so, else the newest."""
    found = [call for call in recordings.live(BOSS) if call.state == state]
    return next((call for call in found if name in ("", str(call.recording_id))), None)


def test_a_person_pauses_and_resumes_and_nothing_of_the_pause_is_kept(watched: Watched, tmp_path: Path) -> None:
    audio = tmp_path / "audio"
    audio.write_bytes(os.urandom(8_000))
    call = watched.call(tmp_path / "sipp", 7, ports=(16104, 16106), group="pause")
    ports = call.ports
    sender = speak(6, [Leg(16104, ports[0], 0, audio), Leg(16106, ports[1], 8, audio, ssrc=2)])
    running = wait_for("a running call", lambda: _live("recording"))
    time.sleep(1)
    program = bearer(_token())
    address = f"/c/{watched.customer.handle}/api/v1/live/{running.recording_id}"
    assert program.get(address).json()["state"] == "recording"
    sent = program.post(f"{address}/pause")
    assert sent.status_code == 202 and sent.json()["state"] == "waiting"
    wish = f"{address}/wishes/{sent.json()['id']}"
    wait_for("paused", lambda: program.get(address).json()["state"] == "paused", seconds=30)
    wait_for("an answer", lambda: program.get(wish).json()["state"] == "done", seconds=30)
    assert program.post(f"{address}/pause").status_code == 409
    with pytest.raises(recordings.DeedRefused):
        recordings.start(BOSS, running.recording_id, by=BOSS.user_id, at=datetime.now(UTC))
    with pytest.raises(recordings.NoSuchRecording):
        stranger = people.Viewer(user_id=UUID(int=9), role="user", number_indexes=frozenset({b"x" * 32}))
        recordings.resume(stranger, running.recording_id, by=UUID(int=9), at=datetime.now(UTC))
    time.sleep(1)
    recordings.resume(BOSS, running.recording_id, by=BOSS.user_id, at=datetime.now(UTC))
    wait_for("recording again", lambda: _live("recording"), seconds=30)
    sender.wait(15)
    call.finish()
    folder = watched.recorders.spool / str(running.recording_id)
    wait_for("a closed call", (folder / "closed.json").exists)
    (identity,) = tenancy.keyring().identities(watched.customer)[:1]
    opened = [frame.at_ns for frame in frames(folder, identity) if frame.destination[1] in ports]
    recording_id = watched.finalised(str(running.recording_id))
    view = recordings.get(BOSS, recording_id)
    (gap,) = view.gaps
    assert gap.reason == "paused" and gap.ends_ns - gap.starts_ns >= 1_000_000_000
    assert view.steering is not None and len(view.steering.pauses) == 1
    assert 300 < len(opened) < 550
    assert not [at for at in opened if gap.starts_ns <= at < gap.ends_ns], "a packet of the pause was written"
    assert {"recording.paused", "recording.resumed", KEPT} <= {kind for kind, _ in entries()}


def _token() -> str:
    """A token of an administrator, for calls that run."""
    now = datetime.now(UTC)
    admin = people.create_user(email="a@alarms.example", name="A", password=f"not {uuid4()}", role="administrator")
    scopes = ["live:read", "live:control"]
    return tokens.make(name="x", scopes=scopes, by=admin.id, at=now, expires_at=now + timedelta(days=1)).text


def _policy(mode: recordings.Mode, *, sampling: int = 100) -> recordings.Policy:
    match = recordings.Match(direction="outbound")
    made = recordings.Policy(id=UUID(int=1), name="Sales", mode=mode, match=match, sampling=sampling)
    recordings.save_policy(made, by=BOSS.user_id, at=datetime.now(UTC))
    time.sleep(2.2)  # as long as a recorder may take to know
    return made


@pytest.mark.parametrize(
    ("mode", "state", "deed", "stays"),
    [
        ("on-demand", "dormant", None, False),
        ("on-demand", "dormant", recordings.start, True),
        ("keep-live", "buffered", None, False),
        ("keep-live", "buffered", recordings.keep, True),
        ("never", None, None, False),
    ],
)
def test_what_nobody_wants_leaves_nothing_but_evidence(
    watched: Watched, mode: str, state: str | None, deed: Callable[..., UUID] | None, stays: bool
) -> None:
    policy = _policy(mode)
    wire = Wire(watched.recorders.sip)
    asker = Client(port=wire.port, call_id=f"{mode}-{stays}-{uuid4()}")
    before = {one.name for one in watched.recorders.recordings()}
    response = wire.ask(asker.invite())
    assert code(response) == 200
    asker = asker.answered(response)
    wire.send(asker.ack("z9hG4bKa"))
    (name,) = {one.name for one in watched.recorders.recordings()} - before
    if state is not None:
        wait_for("shown", lambda: _live(state, name), seconds=30)
    if deed is not None:
        deed(BOSS, UUID(name), by=BOSS.user_id, at=datetime.now(UTC))
        wait_for("done", lambda: _live("recording", name), seconds=30)
    wire.send(asker.next().request("BYE"))
    recording_id = watched.finalised(name)
    wait_for("off the list", lambda: recording_id not in {one.recording_id for one in recordings.live(BOSS)})
    assert not (watched.recorders.spool / name).exists()
    if stays:
        steering = recordings.get(BOSS, recording_id).steering
        assert steering is not None and (steering.mode, steering.policy) == (mode, policy.id)
    else:
        with pytest.raises(recordings.NoSuchRecording):
            recordings.get(BOSS, recording_id)
        assert not list(watched.store.list(f"{watched.customer.id}/recordings/{recording_id}/"))
    assert entries()[0][0] in ({KEPT} if stays else {DROPPED})
    recordings.remove_policy(policy.id, by=BOSS.user_id, at=datetime.now(UTC))


def test_who_refuses_consent_stops_the_call_and_a_yes_lets_it_go_on(watched: Watched) -> None:
    match = recordings.Match(direction="outbound")
    policy = recordings.Policy(
        id=UUID(int=2), name="Asked", mode="always", match=match, notice="tone", consent="needed",
        auto_resume_seconds=1,
    )  # fmt: skip
    recordings.save_policy(policy, by=BOSS.user_id, at=datetime.now(UTC))
    time.sleep(2.2)  # as long as a recorder may take to know
    for ends_with, stays in (("refused", False), ("given", True)):
        wire = Wire(watched.recorders.sip)
        asker = Client(port=wire.port, call_id=f"consent-{stays}-{uuid4()}")
        before = {one.name for one in watched.recorders.recordings()}
        asker = asker.answered(wire.ask(asker.invite()))
        wire.send(asker.ack("z9hG4bKa"))
        (name,) = {one.name for one in watched.recorders.recordings()} - before
        one = UUID(name)
        wait_for("shown", lambda name=name: _live("recording", name), seconds=30)
        known = recordings.awareness_of(BOSS, one)
        assert [(said.value, said.how) for said in known.told] == [("tone", "policy")]

        def say(value: recordings.Consent, one: UUID = one) -> None:
            recordings.say_consent(BOSS, one, value, how="program", by=BOSS.user_id, at=datetime.now(UTC))

        say("refused")
        wait_for("stopped", lambda name=name: _live("stopped", name), seconds=30)
        time.sleep(1.5)
        assert _live("stopped", name), "no time ends it, nor does the telephone system"
        asker = asker.next()
        assert code(wire.ask(asker.request("INFO").replace(b"\r\nCSeq", b"\r\nRecord: on\r\nCSeq", 1))) == 469
        assert _live("stopped", name)
        if ends_with == "given":
            say("given")
            wait_for("permitted", lambda name=name: _live("paused", name), seconds=30)
            recordings.resume(BOSS, one, by=BOSS.user_id, at=datetime.now(UTC))
            wait_for("recording again", lambda name=name: _live("recording", name), seconds=30)
        wire.send(asker.next().request("BYE"))
        recording_id = watched.finalised(name)
        if stays:
            view = recordings.get(BOSS, recording_id)
            assert view.awareness.consent == "given" and [gap.reason for gap in view.gaps] == ["paused"]
        else:
            with pytest.raises(recordings.NoSuchRecording):
                recordings.get(BOSS, recording_id)
            assert entries()[0][0] == DROPPED
    recordings.remove_policy(policy.id, by=BOSS.user_id, at=datetime.now(UTC))
