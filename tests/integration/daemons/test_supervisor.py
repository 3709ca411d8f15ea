"""What a supervisor promises: nothing missing while it lives, nothing left when it ends, however it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "support" / "supervised.py"


class Supervised:
    """A running `supervised.py`."""

    def __init__(self, data: Path, port: int, *names: str) -> None:
        self.data, self.port = data, port
        data.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(data), str(port)],
            env={**os.environ, "SUPERVISED": " ".join(names)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def pids(self, name: str) -> list[int]:
        file = self.data / "pids"
        lines = file.read_text().splitlines() if file.exists() else []
        return [int(pid) for noted, pid in map(str.split, lines) if noted == name]

    def wait_for(self, name: str, count: int = 1) -> int:
        until(lambda: len(self.pids(name)) >= count)
        return self.pids(name)[-1]

    def ended(self) -> str:
        out, _ = self.process.communicate(timeout=60)
        return out


def until(condition: Callable[[], bool], *, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # gone before, or while it was read
        return False


def ask(port: int, *, seconds: float = 40) -> tuple[int, str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(seconds)
        asking.sendto(b"who?", ("127.0.0.1", port))
        pid, digest = asking.recv(2048).decode().split()
        return int(pid), digest


@pytest.fixture
def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def supervised(tmp_path: Path, port: int) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(*names: str) -> Supervised:
        started.append(Supervised(tmp_path / "data", port, *names))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


def test_what_arrives_between_two_lives_of_a_process_is_answered_by_the_second(
    supervised: Callable[..., Supervised], port: int
) -> None:
    running = supervised("echo")
    first = running.wait_for("echo")
    assert ask(port)[0] == first
    digests = {ask(port)[1]}
    for round_ in range(2, 5):
        killed = running.pids("echo")[-1]
        os.kill(killed, signal.SIGKILL)
        until(lambda: not alive(killed))  # noqa: B023 - else it may take the question with it
        pid, digest = ask(port)
        assert pid == running.wait_for("echo", round_) != killed
        digests.add(digest)
    assert len(digests) == 1, "every life has the same secret"


def test_the_secret_is_in_no_argument_environment_or_file(supervised: Callable[..., Supervised], port: int) -> None:
    running = supervised("echo")
    pid = running.wait_for("echo")
    described = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
    key_descriptor = next(fd for fd in Path(f"/proc/{pid}/fd").iterdir() if "memfd:parley-key" in str(fd.readlink()))
    secret = key_descriptor.read_bytes()
    assert len(secret) == 32
    assert secret not in described
    assert secret.hex().encode() not in described


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_wish_to_stop_ends_everything_in_order(supervised: Callable[..., Supervised], sign: signal.Signals) -> None:
    running = supervised("echo", "parent")
    pids = [running.wait_for("echo"), running.wait_for("parent"), running.wait_for("grandchild")]
    running.process.send_signal(sign)
    told = running.ended()
    assert running.process.returncode == 0
    assert told.index("parent stopped") < told.index("echo stopped")
    assert not any(map(alive, pids))


def test_who_does_not_stop_in_time_is_killed(supervised: Callable[..., Supervised]) -> None:
    running = supervised("deaf")
    pid = running.wait_for("deaf")
    running.process.terminate()
    assert "deaf killed" in running.ended()
    assert not alive(pid)


def test_a_killed_supervisor_leaves_nobody_and_the_next_one_starts(
    supervised: Callable[..., Supervised], port: int
) -> None:
    running = supervised("echo", "deaf")
    pids = [running.wait_for("echo"), running.wait_for("deaf")]
    running.process.kill()
    running.process.wait()
    until(lambda: not any(map(alive, pids)), seconds=10)
    second = supervised("echo").wait_for("echo", 2)
    assert ask(port)[0] == second


def test_what_a_dead_process_started_is_swept_up(supervised: Callable[..., Supervised]) -> None:
    running = supervised("echo", "parent")
    parent, grandchild = running.wait_for("parent"), running.wait_for("grandchild")
    os.kill(parent, signal.SIGKILL)
    running.wait_for("parent", 2)
    until(lambda: not alive(grandchild), seconds=10)


def test_who_ends_again_and_again_is_started_ever_more_slowly(supervised: Callable[..., Supervised]) -> None:
    running = supervised("moody")
    running.wait_for("moody", 3)
    time.sleep(2.0)
    assert 3 <= len(running.pids("moody")) <= 6


def test_a_directory_has_one_supervisor(supervised: Callable[..., Supervised]) -> None:
    running = supervised("echo")
    running.wait_for("echo")
    told = supervised("echo").ended()
    assert f"already (process {running.process.pid})" in told
    assert "PARLEY_DATA_DIR" in told


def test_a_taken_port_is_named_with_what_to_do(supervised: Callable[..., Supervised], port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        told = supervised("echo").ended()
    assert f"UDP port {port} on 127.0.0.1 cannot be used" in told
    assert "PARLEY_ECHO_PORT" in told
