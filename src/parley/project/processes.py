"""Which processes make up Parley on one machine, what they inherit, and how each is known to work."""

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from parley.daemons.holdings import Holdings, bind
from parley.daemons.supervisor import ProcessSpec
from parley.monitoring.presence import announced, clear
from parley.project.config import Config
from parley.tenancy.api import EmbeddedPostgres

SIP_UDP: Final = "sip-udp"
SIP_TCP: Final = "sip-tcp"
MEDIA: Final = "media"
STATE_KEY: Final = "state-key"
HOLD: Final = "hold"
_STATE_KEY_SIZE: Final = 32


def take_ports(config: Config, holdings: Holdings) -> None:
    """Bind all that calls come in by, and make the key that a recorder leaves its state to the next one under.

    Also see that the web's ports are free, though its servers bind them themselves. Raises PortTaken. What processes
    of another time counted is forgotten.
    """
    clear(config.monitoring_dir)
    holdings.hold_sockets(
        SIP_UDP, [bind("udp", config.sip_host, config.sip_port, setting="PARLEY_SIP_PORT", media=True)]
    )
    holdings.hold_sockets(SIP_TCP, [bind("tcp", config.sip_host, config.sip_port, setting="PARLEY_SIP_PORT")])
    media = [
        bind("udp", config.media_host, port, setting="PARLEY_MEDIA_FIRST", media=True) for port in config.media_ports
    ]
    holdings.hold_sockets(MEDIA, media)
    holdings.hold_memory(HOLD, size=0)  # the first recorder lays it out
    holdings.hold_memory(STATE_KEY, size=_STATE_KEY_SIZE, content=secrets.token_bytes(_STATE_KEY_SIZE))
    bind("tcp", config.web_host, config.web_port, setting="PARLEY_WEB_PORT").close()
    bind("tcp", config.events_host, config.events_port, setting="PARLEY_EVENTS_PORT").close()
    if config.monitor_port:
        bind("tcp", config.monitor_host, config.monitor_port, setting="PARLEY_MONITOR_PORT").close()
    if config.intake_port:
        bind("tcp", config.intake_host, config.intake_port, setting="PARLEY_INTAKE_PORT").close()


def database(server: EmbeddedPostgres) -> ProcessSpec:
    """The embedded PostgreSQL; `server.prepare()` comes before. It ends cleanly even when the supervisor is killed."""
    return ProcessSpec(
        name="database",
        command=server.command(),
        environment=server.environment,
        account=server.account.process(),
        before=server.prepare,
        ready=server.ready,
        stop_signal=server.stop_signal,
        stop_seconds=30.0,
        death_signal=server.stop_signal,
    )


def services(config: Config) -> Iterator[ProcessSpec]:
    """All other processes, in the order of their start."""
    yield _service("monitor", config)  # calls wait for nobody who only watches
    yield _service("recorder", config, inherits=(SIP_UDP, SIP_TCP, MEDIA, HOLD, STATE_KEY))
    yield _service("sequencer", config)
    yield _service("worker", config)
    yield _service("events", config, role="events-main", listens=(config.events_host, config.events_port))
    if config.intake_port:
        yield _service("intake", config, listens=(config.intake_host, config.intake_port))
    yield _service("web", config, role="web-main", listens=(config.web_host, config.web_port))


def spool(config: Config) -> Path:
    """Where recordings are while they are made, until they are in the store."""
    return config.data_dir / "spool"


def child_environment(config: Config) -> dict[str, str]:
    """The environment of our own processes: these settings and no file, for they run in another directory."""
    return {
        **os.environ,
        **config.environment(),
        "PARLEY_CONFIG": "/dev/null",
        "DJANGO_SETTINGS_MODULE": "parley.project.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _service(
    name: str,
    config: Config,
    *,
    role: str = "",
    inherits: tuple[str, ...] = (),
    listens: tuple[str, int] | None = None,
) -> ProcessSpec:
    """`role`: what it is to the monitor, where those that it starts are what its name says."""
    return ProcessSpec(
        name=name,
        command=(sys.executable, "-m", "parley.project.cli", "daemon", name),
        environment={**child_environment(config), **announced(folder=config.monitoring_dir, role=role or name)},
        inherits=inherits,
        ready=(lambda: _answers(*listens)) if listens else None,
    )


def _answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections; a wildcard address is reached by the loopback one."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    try:
        socket.create_connection((reachable, port), timeout=1).close()
    except OSError:
        return False
    return True
