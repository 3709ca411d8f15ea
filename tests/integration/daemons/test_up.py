"""`parley up` as a whole: every process comes back, a stop is clean, a kill leaves nobody."""

import os
import shutil
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.peers import wait_for
from tests.support.system import System, running, short_folder

PROCESSES = ("recorder", "sequencer", "worker", "events", "intake", "web", "database")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    folder = short_folder("up")
    with running(folder / "data", media_ports=8, environment={"PARLEY_DATABASE_DURABLE": "false"}) as started:
        yield started
    shutil.rmtree(folder, ignore_errors=True)


def _answers(system: System) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{system.web_port}/alive", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _left(system: System) -> list[str]:
    """Everything that runs on this directory: by its command line or its environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            described = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(system.data).encode() in described:
            found.append(described.decode("utf-8", "replace")[:200])
    return found


def test_every_process_that_is_killed_comes_back_and_no_other_goes_with_it(system: System) -> None:
    before = {name: system.pids(name) for name in PROCESSES}
    assert all(len(pids) == 1 for pids in before.values()), before
    for name in PROCESSES:
        os.kill(before[name][0], signal.SIGKILL)
        wait_for(f"another {name}", lambda: system.pids(name) not in ([], before[name]))  # noqa: B023 - used at once
        after = {other: system.pids(other) for other in PROCESSES}
        assert {other for other in PROCESSES if after[other] != before[other]} == {name}
        before = after
    wait_for("the console answers", lambda: _answers(system))
    wait_for("the database answers", lambda: system.parley("customer", "list", check=False).returncode == 0)


def test_a_second_one_is_told_who_has_the_directory(system: System) -> None:
    assert system.process is not None
    refused = system.parley("up", check=False)
    assert refused.returncode == 1
    assert f"already (process {system.process.pid})" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr


def test_a_taken_port_is_named(system: System) -> None:
    other = System(system.data.with_name("other"))
    other.environment["PARLEY_SIP_PORT"] = str(system.sip_port)
    refused = other.parley("up", check=False)
    assert refused.returncode == 1
    assert f"UDP port {system.sip_port}" in refused.stderr
    assert "PARLEY_SIP_PORT" in refused.stderr


def test_killed_it_leaves_nobody_and_starts_again_then_stops_cleanly(system: System) -> None:
    assert system.process is not None
    system.parley("customer", "add", "kept", "--email", "admin@kept.example")
    system.process.kill()
    system.process.wait()
    wait_for("nobody is left", lambda: not _left(system), seconds=30)
    system.up()
    assert "kept" in system.parley("customer", "list").stdout
    system.down()
    assert not _left(system)
