"""`parley demo` as a person runs it: recorded calls in the console, one signal ends it, a second run is quick."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.peers import wait_for
from tests.support.system import Console, System, short_folder

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]


@contextmanager
def running(system: System, log: Path, *, seconds: float) -> Iterator[float]:
    """The demo, ready; gives the seconds that it took. At the end one SIGINT must suffice."""
    began = time.monotonic()
    with log.open("wb") as out:
        command = [sys.executable, "-m", "parley.project.cli", "demo"]
        demo = subprocess.Popen(command, env=system.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            wait_for(
                "the demo to be ready", lambda: demo.poll() is not None or "ready: http" in log.read_text(), seconds
            )
            assert demo.poll() is None, log.read_text()
            yield time.monotonic() - began
        finally:
            demo.send_signal(signal.SIGINT)
            assert demo.wait(30) == 0, log.read_text()


def test_recorded_calls_are_in_the_console_and_a_second_run_reuses_all() -> None:
    folder = short_folder("demo")
    system = System(folder / "data")
    base, log = f"http://127.0.0.1:{system.web_port}", folder / "demo.log"
    with running(system, log, seconds=150):
        told = re.search(r"password: ([a-z-]+)", log.read_text())
        assert told is not None, log.read_text()
        northwind = Console(base, "northwind").sign_in(email="nora@northwind.example", password=told[1])
        page = json.dumps(northwind.get("recordings"))
        for name in ("Clara Winter", "Martin Hale", "Sam Okafor"):
            assert name in page
        alder = Console(base, "alder").sign_in(email="anna@alder.example", password=told[1])
        assert alder.recordings()
        assert "Victor" not in json.dumps(alder.get("recordings"))
        held = folder / "data-customers" / "alder"
        secrets = [line for file in held.iterdir() for line in file.read_text().splitlines() if "SECRET" in line]
        assert len(secrets) == 2
        for file in (folder / "data").rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert not any(secret.encode() in content for secret in secrets), file
    with running(system, log, seconds=60) as took:
        assert told[1] in log.read_text()
        assert "there already" in log.read_text()
        assert took < 15
    shutil.rmtree(folder)
