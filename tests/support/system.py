"""A whole Parley, started as an operator starts it (`parley up`), and a person's way into its console over HTTP."""

import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.peers import wait_for

PASSWORD = "correct horse battery staple 47"
_TRUNKS_READ = 2.5  # seconds after which every recorder knows a new trunk


def free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that nobody uses now, below the range of outgoing connections.

    Each of four test processes side by side has a range of its own: what is free now is bound a moment later.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    begin = 20000 + worker * 3000
    for first in range(begin + os.getpid() % 10 * 200, begin + 3000, 200):
        try:
            for port in range(first, first + count):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("0.0.0.0", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports on this machine")


class System:
    """One installation in `data`. Ports are its own; `environment` is added to that of its processes."""

    def __init__(self, data: Path, *, media_ports: int = 40, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        first = free_ports(8 + media_ports * 2)
        self.web_port, self.events_port, self.sip_port = first, first + 1, first + 2
        self.intake_port = first + 3
        self.monitor_port = first + 4
        self.media_first = first + 6 + first % 2
        self.media_ports = [self.media_first + 2 * n for n in range(media_ports)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "DJANGO_"))}
        self.environment = {
            **kept,
            "PARLEY_CONFIG": "/dev/null",
            "PARLEY_DATA_DIR": str(data),
            "PARLEY_WEB_PORT": str(self.web_port),
            "PARLEY_EVENTS_PORT": str(self.events_port),
            "PARLEY_SIP_PORT": str(self.sip_port),
            "PARLEY_INTAKE_PORT": str(self.intake_port),
            "PARLEY_MONITOR_PORT": str(self.monitor_port),
            "PARLEY_MEDIA_FIRST": str(self.media_first),
            "PARLEY_MEDIA_LAST": str(self.media_ports[-1]),
            "PARLEY_PASSWORD": PASSWORD,
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.log = data.parent / f"{data.name}-up.log"

    @property
    def sip(self) -> tuple[str, int]:
        return ("127.0.0.1", self.sip_port)

    def up(self) -> None:
        with self.log.open("ab") as log:
            begun = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "parley.project.cli", "up"],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

        def ready() -> bool:
            assert self.process is not None and self.process.poll() is None, self.log.read_text()[-3000:]
            return b"ready: http" in self.log.read_bytes()[begun:]

        wait_for("parley up says ready", ready, seconds=60)

    def down(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0, self.log.read_text()[-3000:]
        self.process = None

    def parley(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command of this installation."""
        done = subprocess.run(
            [sys.executable, "-m", "parley.project.cli", *words],
            check=False,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def add_customer(
        self, handle: str, *, source: str, recipients: Sequence[str] = (), own: str = "+390584"
    ) -> "Console":
        """A customer whose session border controller is at `source`, signed in as its first administrator."""
        words = ["customer", "add", handle, "--email", f"admin@{handle}.example"]
        words += ["--agreement", "ixcloud-dpa", "--custody", "customer-held"] if recipients else []
        for recipient in recipients:
            words += ["--recipient", recipient]
        self.parley(*words)
        self.parley("trunk", "add", handle, f"{handle}-sbc", "--source", source, "--own", own)
        time.sleep(_TRUNKS_READ)
        return Console(f"http://127.0.0.1:{self.web_port}", handle)

    def pids(self, name: str) -> list[int]:
        """The processes of a service (`recorder`, `worker`, ...) of this installation, or of its database."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        wanted = b"postgres" if name == "database" else b"daemon\0" + name.encode()
        return [int(pid) for pid in children if wanted in _command(int(pid))]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Console:
    """A person signed in to one customer's console, as a browser would be."""

    def __init__(self, base: str, handle: str) -> None:
        self.base, self.handle = base, handle
        self.email = f"admin@{handle}.example"
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def _open(self, path: str, data: Mapping[str, str] | None = None) -> bytes:
        url = f"{self.base}/c/{self.handle}/{path}"
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        request = urllib.request.Request(url, data=body, headers={"Origin": self.base, "Referer": url})
        with self._opener.open(request, timeout=30) as answer:
            content: bytes = answer.read()
            return content

    def sign_in(self, *, email: str = "", password: str = PASSWORD) -> "Console":
        page = self._open("sign-in").decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page
        self._open(
            "sign-in", {"csrfmiddlewaretoken": token[1], "email": email or self.email, "password": password, "next": ""}
        )
        return self

    def submit(self, path: str, fields: Mapping[str, str]) -> None:
        """A form of the page at `path`, filled in and sent as a browser does."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self._open(path).decode())
        assert token, path
        self._open(path, {"csrfmiddlewaretoken": token[1], **fields})

    def get(self, path: str) -> Any:
        """JSON below api/v1/."""
        return json.loads(self._open(f"api/v1/{path}"))

    def download(self, url: str) -> bytes:
        """The content of an address that an answer gave, or of one below api/v1/."""
        return self._open(url.removeprefix(f"/c/{self.handle}/") if url.startswith("/") else f"api/v1/{url}")

    def recordings(self, **filters: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("recordings?" + urllib.parse.urlencode(filters))["items"]
        return items

    def recording(self, count: int = 1, *, rendered: bool = True) -> dict[str, Any]:
        """The newest recording, once there are `count` and it can be played (or never will be: sealed)."""

        def finished() -> dict[str, Any] | None:
            rows = self.recordings()
            if len(rows) < count:
                return None
            row: dict[str, Any] = self.get(f"recordings/{rows[0]['id']}")
            return row if not rendered or row["rendition"] in {"ready", "customer-held"} else None

        return wait_for(f"{count} recordings in {self.handle}", finished, seconds=60, every=0.3)  # type: ignore[no-any-return]


@contextmanager
def running(data: Path, **settings: Any) -> Iterator[System]:
    """A System that is up for the length of the block."""
    system = System(data, **settings)
    try:
        system.up()
        yield system
    except BaseException:
        for log in [system.log, *sorted((data / "logs").glob("*.log"))]:
            sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-2500:]}\n")
        raise
    finally:
        if system.process is not None and system.process.poll() is None:
            try:
                system.down()
            finally:
                if system.process is not None:
                    system.process.kill()


def short_folder(name: str) -> Path:
    """A folder that an unprivileged database can reach: sockets want short paths, root's own folders are closed."""
    folder = Path("/tmp") / f"parley-{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o711)
    return folder
