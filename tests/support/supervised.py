"""A supervisor with small processes of its own, run as `python supervised.py DATA PORT`, for the tests of supervision.

`echo` answers each datagram on the held socket with its process id and a digest of the held secret; `parent` has a
child in its process group; `moody` ends at once, always. Process ids are appended to DATA/pids as "name pid".
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from parley.daemons.holdings import Holdings, Inherited, bind
from parley.foundation.errors import ParleyError


def _note(data: Path, name: str, pid: int) -> None:
    with (data / "pids").open("a") as file:
        file.write(f"{name} {pid}\n")


def _echo(data: Path) -> None:
    inherited = Inherited.received(os.environ)
    digest = hashlib.sha256(inherited.secret("key")).hexdigest()
    heard = inherited.socket("echo")
    _note(data, "echo", os.getpid())
    while True:
        _, peer = heard.recvfrom(2048)
        heard.sendto(f"{os.getpid()} {digest}".encode(), peer)


def _parent(data: Path) -> None:
    child = subprocess.Popen(["sleep", "600"])
    _note(data, "parent", os.getpid())
    _note(data, "grandchild", child.pid)
    child.wait()


def _supervise(data: Path, port: int) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parley.project.settings")
    django.setup()
    from parley.daemons.supervisor import ProcessSpec, Supervisor

    def narrate(event: str, /, *, process: str, **facts: object) -> None:
        print(process, event, *(f"{name}={value}" for name, value in facts.items()), flush=True)

    for sign in (signal.SIGINT, signal.SIGHUP):  # who runs the tests in the background may have had them ignored
        signal.signal(sign, signal.SIG_DFL)
    holdings = Holdings()
    supervisor = Supervisor(data=data, holdings=holdings, narrate=narrate)
    try:
        holdings.hold_sockets("echo", [bind("udp", "127.0.0.1", port, setting="PARLEY_ECHO_PORT")])
        holdings.hold_memory("key", size=32, content=os.urandom(32))
        for name in os.environ["SUPERVISED"].split():
            supervisor.start(
                ProcessSpec(
                    name=name,
                    command=(sys.executable, __file__, str(data), name),
                    environment=dict(os.environ),
                    inherits=("echo", "key") if name == "echo" else (),
                    stop_seconds=2.0,
                )
            )
        supervisor.watch()
    finally:
        supervisor.stop()


def main(data: Path, what: str) -> None:
    if what == "echo":
        _echo(data)
    elif what == "parent":
        _parent(data)
    elif what == "moody":
        _note(data, "moody", os.getpid())
        sys.exit(3)
    elif what == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _note(data, "deaf", os.getpid())
        time.sleep(600)
    else:
        _supervise(data, int(what))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except ParleyError as error:
        print(error, flush=True)
        sys.exit(1)
