"""A whole Parley as its operator's tools see it: what they are told, by whom they are told apart, and what is kept."""

import json
import os
import re
import shutil
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from tests.support.peers import wait_for
from tests.support.system import Console, System, free_ports, running, short_folder

from parley.daemons import monitor
from parley.monitoring import api as monitoring
from parley.project.demo.caller import CallReport, place_call
from parley.project.demo.dialogues import PACKET, Segment
from parley.project.demo.siprec_offer import Party
from parley.storage.api import open_store

pytestmark = pytest.mark.timeout(300)  # Parley starts several times; a busy machine takes a minute for it

SECONDS = 3.0
HANDLE, ADDRESS = "quokka-ltd", "127.0.0.6"
NUMBERS = ("+442079460018", "+390584943232")
_BOUNDS = {"le"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}", re.IGNORECASE)


def ask(port: int, path: str, *, token: str = "") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except urllib.error.URLError:
        return 0, "{}"


def ready(system: System) -> tuple[int, dict[str, Any]]:
    status, text = ask(system.monitor_port, "/readyz")
    return status, json.loads(text)


class Metrics:
    """One answer of /metrics, parsed by Prometheus's own reader."""

    def __init__(self, system: System) -> None:
        status, text = ask(system.monitor_port, "/metrics")
        assert status == 200, text
        self.text = text
        self.samples: list[Sample] = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name with those labels."""
        return sum(
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        )


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    folder = short_folder("watch")
    with running(folder / "data") as system:
        yield system
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def console(system: System) -> Console:
    return system.add_customer(HANDLE, source=ADDRESS).sign_in()


def call(system: System) -> CallReport:
    voice = bytes([0x55]) * PACKET * int(SECONDS * 50)
    report = place_call(
        target=system.sip,
        transport="udp",
        local_address=ADDRESS,
        parties=(Party(name="Ada", number=NUMBERS[0]), Party(name="Bruno", number=NUMBERS[1])),
        segments=[Segment(lanes=(voice, voice))],
        codecs=("PCMA", "PCMA"),
    )
    assert report.outcome == "completed"
    return report


@pytest.mark.alone
def test_a_killed_worker_is_named_within_seconds_and_well_again_when_it_is_back(system: System) -> None:
    wait_for("everything is well", lambda: ready(system)[0] == 200, seconds=120)
    assert "ready" in system.parley("status").stdout
    wait_for("the web says so too", lambda: ask(system.web_port, "/readyz")[0] == 200, seconds=30)
    os.kill(wait_for("a worker", lambda: system.pids("worker"))[0], signal.SIGKILL)

    def bad() -> dict[str, Any] | None:
        status, told = ready(system)
        return told if status == 503 else None

    told = wait_for("the loss is told", bad, seconds=5, every=0.02)
    wrong = {name: check for name, check in told["checks"].items() if not check["ok"]}
    assert set(wrong) == {"worker"}
    assert wrong["worker"]["found"] == "does not run"
    assert "logs/worker.log" in wrong["worker"]["remedy"]
    wait_for("it is back", lambda: ready(system)[0] == 200, seconds=60, every=0.05)
    wait_for("and the web says so", lambda: ask(system.web_port, "/readyz") == (200, '{"ready": true}'), seconds=30)
    assert ask(system.monitor_port, "/healthz") == (200, '{"ok": true}')
    assert ask(system.web_port, "/healthz") == (200, '{"ok": true}')


def test_a_recorded_call_is_counted_also_over_the_death_of_who_counted(system: System, console: Console) -> None:
    live: list[float] = []
    speaking = threading.Event()

    def watch() -> None:
        while not speaking.wait(0.3):
            live.append(Metrics(system)("parley_calls_live"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    first = call(system)
    speaking.set()
    watcher.join()
    assert max(live) == 1
    console.recording(1)
    once = Metrics(system)
    assert once("parley_recordings_finished_total", end="bye") == 1
    assert once("parley_rtp_packets_received_total") == sum(first.packets)
    assert once("parley_rtp_packets_lost_total") == 0
    assert once("parley_gate_answers_total", purpose="record-calls", answer="allowed") == 1
    assert once("parley_requests_total", place="console", method="POST", status="3xx") >= 1, "somebody signed in"
    answered = once("parley_requests_total", place="console")
    assert once("parley_request_seconds_count", place="console") == answered
    wait_for("the recorder shows none, once a second", lambda: Metrics(system)("parley_calls_live") == 0, seconds=30)

    os.kill(wait_for("a worker", lambda: system.pids("worker"))[0], signal.SIGKILL)
    second = call(system)
    console.recording(2)
    twice = Metrics(system)
    assert twice("parley_recordings_finished_total") == 2
    assert twice("parley_rtp_packets_received_total") == sum(first.packets) + sum(second.packets)

    def settled() -> Metrics | None:
        now = Metrics(system)
        return now if now("parley_customers") == 1 and not now("parley_ledger_entries_waiting") else None

    stored = wait_for("what is stored was counted anew", settled, seconds=40, every=0.5)
    assert stored("parley_customers_unread") == 0
    assert stored("parley_renditions", state="failed") == 0
    assert stored("parley_disk_free_bytes", directory="spool") > 0
    assert 0 < stored("parley_database_connections") < stored("parley_database_connections_allowed")
    assert stored("parley_jobs", state="failed") == 0


def test_labels_are_words_and_name_nobody(system: System, console: Console) -> None:
    console.recording(2)
    for path in ("/c/999999999/", "/no/442079460018", f"/c/{HANDLE}/recordings/12345678-1234-1234-1234-123456789012"):
        ask(system.web_port, path)
    seen = Metrics(system).samples
    assert any(sample.labels.get("place") == "console" for sample in seen)
    hidden = (HANDLE, f"{HANDLE}-sbc", "ada", "bruno", console.email, *NUMBERS)
    for sample in seen:
        for label, value in sample.labels.items():
            if label in _BOUNDS:
                continue
            assert value, sample
            assert not value.isdigit(), sample
            assert not _UUID.search(value), sample
            assert not re.search(r"\d{4}", value), sample
            assert not any(name in value.lower() for name in hidden), sample


def test_the_rules_of_the_readme_ask_for_figures_that_there_are(system: System) -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    rules = readme.partition("```yaml")[2].partition("```")[0]
    named = set(re.findall(r"parley_[a-z_]+", rules))
    assert len(named) >= 5
    there = set(re.findall(r"^# TYPE (\S+)", Metrics(system).text, re.MULTILINE))
    assert named <= there


def test_status_on_the_command_line_names_what_does_not_run_and_what_to_do(tmp_path: Path) -> None:
    done = System(tmp_path / "data").parley("status", check=False)
    assert done.returncode == 1
    assert "not ready" in done.stdout
    told = " ".join(done.stdout.split())
    assert "database no answer" in told
    for part in ("recorder", "sequencer", "worker", "web", "monitor"):
        assert f"{part} does not run" in told
    assert "parley up" in told


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[int]:
    """The port of a monitor with a token."""
    port, stop = free_ports(1), Event()
    listen = monitor.Listen(host="127.0.0.1", port=port, token="a-token-of-many-letters")
    monitoring.clear(tmp_path)
    thread = threading.Thread(
        target=monitor.run,
        kwargs={
            "listen": listen, "folder": tmp_path, "probes": (), "stop": stop,
            "count": lambda: monitoring.Figures(customers=7),
        },
    )  # fmt: skip
    thread.start()
    try:
        wait_for("it looked", (tmp_path / "ready.json").exists)
        yield port
    finally:
        stop.set()
        thread.join()


def test_with_a_token_strangers_hear_whether_and_not_why(guarded: int) -> None:
    assert ask(guarded, "/metrics")[0] == ask(guarded, "/metrics", token="a-token-of-many-letterz")[0] == 401
    assert ask(guarded, "/readyz") == (503, '{"ready": false}')
    assert "worker" in ask(guarded, "/readyz", token="a-token-of-many-letters")[1]
    assert ask(guarded, "/healthz") == (200, '{"ok": true}')
    status, told = ask(guarded, "/metrics", token="a-token-of-many-letters")
    assert status == 200
    assert "parley_customers 7.0" in told
    assert ask(guarded, "/elsewhere", token="a-token-of-many-letters")[0] == 404


def test_a_store_that_is_gone_is_not_well(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    store = open_store(folder.as_uri())
    assert monitoring.store(lambda: store, folder=folder).good
    shutil.rmtree(folder)
    gone = monitoring.store(lambda: store, folder=folder)
    assert (gone.good, gone.what) == (False, "objects")
    assert "Mount" in gone.remedy
    (tmp_path / "file").write_bytes(b"")
    blocked = monitoring.store(lambda: open_store((tmp_path / "file" / "objects").as_uri()), folder=None)
    assert not blocked.good
    assert "PARLEY_STORE_URL" in blocked.remedy
