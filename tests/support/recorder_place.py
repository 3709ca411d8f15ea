"""What a supervisor does for a recorder process, for tests: holds its sockets and memory, starts it, and again."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.peers import wait_for
from tests.support.signalling_place import Wire, code, sip_sockets
from tests.support.siprec_messages import Client

from parley.daemons.holdings import Holdings, bind
from parley.project.processes import HOLD, MEDIA, SIP_TCP, SIP_UDP, STATE_KEY

NAMES = (SIP_UDP, SIP_TCP, MEDIA, HOLD, STATE_KEY)


@dataclass
class Recorders:
    """What a supervisor does for its recorder: holds, starts, starts again."""

    data: Path
    holdings: Holdings
    sip: tuple[str, int]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PARLEY_DATA_DIR": str(self.data), **self.holdings.environment(NAMES)}
        with (self.data / "recorder.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "parley.project.cli", "daemon", "recorder"],
                env=environment,
                pass_fds=self.holdings.descriptors(NAMES),
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    @property
    def log(self) -> str:
        return (self.data / "recorder.log").read_text()

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    def recordings(self) -> list[Path]:
        return sorted(path for path in self.spool.iterdir() if (path / "manifest.json").exists())

    def closed(self) -> list[Path]:
        return [path for path in self.recordings() if (path / "closed.json").exists()]

    def ready(self) -> None:
        """Until an OPTIONS is answered 200: sockets served and trunks known."""

        def answered() -> bool:
            wire = Wire(self.sip)
            wire.send(Client(port=wire.port, call_id=str(time.monotonic())).request("OPTIONS"))
            answer = wire.read(1)
            wire.close()
            return code(answer) == 200

        wait_for("a recorder that answers", answered)


@contextmanager
def recorders(data: Path) -> Iterator[Recorders]:
    holdings = Holdings()
    udp, tcp = sip_sockets()
    sip = udp.getsockname()
    holdings.hold_sockets(SIP_UDP, [udp])
    holdings.hold_sockets(SIP_TCP, [tcp])
    holdings.hold_sockets(MEDIA, [bind("udp", "127.0.0.1", 0, setting="x", media=True) for _ in range(8)])
    holdings.hold_memory(HOLD, size=0)
    holdings.hold_memory(STATE_KEY, size=32, content=os.urandom(32))
    made = Recorders(data, holdings, sip)
    try:
        yield made
    finally:
        print(made.log[-6000:])
        for process in made.running:
            if process.poll() is None:
                process.terminate()
                process.wait(15)
        holdings.close()
