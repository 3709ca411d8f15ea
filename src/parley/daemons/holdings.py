"""What outlives a process: sockets and memory that the supervisor holds and a replaced process inherits.

Sockets keep what arrives while nobody reads. Memory is a nameless file in RAM (memfd_create(2)): what lies in it is on
no disk, in no argument and in no environment variable; the environment only says which descriptor is what.
"""

import errno
import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from parley.foundation.errors import ParleyError

VARIABLE: Final = "PARLEY_INHERITED"
_RECEIVE_BUFFER: Final = 4 << 20  # a recorder that is being replaced reads nothing for a second or two
_SO_RCVBUFFORCE: Final = 33


class PortTaken(ParleyError):
    """Somebody else listens on a port that we were told to use."""

    error_id: ClassVar[str] = "daemons.port_taken"


class NotInherited(ParleyError):
    """A process was started without the descriptors that it works with."""

    error_id: ClassVar[str] = "daemons.not_inherited"


@dataclass
class Holdings:
    """Descriptors by name; several under one name keep their order."""

    _held: dict[str, list[int]] = field(default_factory=dict)

    def hold_sockets(self, name: str, sockets: Iterable[socket.socket]) -> None:
        """Keep `sockets` open as long as this process lives."""
        self._held[name] = [each.detach() for each in sockets]

    def hold_memory(self, name: str, *, size: int, content: bytes = b"") -> None:
        """Keep `size` bytes of memory that processes share, beginning with `content`, the rest zero."""
        descriptor = os.memfd_create(f"parley-{name}", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, max(size, len(content)))
        os.pwrite(descriptor, content, 0)
        self._held[name] = [descriptor]

    def descriptors(self, names: Iterable[str]) -> tuple[int, ...]:
        """The descriptors to pass to a child that inherits `names`."""
        return tuple(descriptor for name in names for descriptor in self._held[name])

    def environment(self, names: Iterable[str]) -> dict[str, str]:
        """How the child learns which descriptor is what."""
        return {VARIABLE: json.dumps({name: self._held[name] for name in names})}

    def close(self) -> None:
        """Let go of everything."""
        for descriptor in self.descriptors(list(self._held)):
            os.close(descriptor)
        self._held.clear()


@dataclass(frozen=True)
class Inherited:
    """What this process inherited from its supervisor."""

    _held: Mapping[str, list[int]]

    @classmethod
    def received(cls, environment: Mapping[str, str]) -> "Inherited":
        """Read the supervisor's note. Raises NotInherited."""
        if VARIABLE not in environment:
            raise NotInherited("this process has no supervisor", remedy="Start it with: parley up")
        return cls(json.loads(environment[VARIABLE]))

    def sockets(self, name: str) -> list[socket.socket]:
        """The sockets of that name, in the supervisor's order."""
        return [socket.socket(fileno=descriptor) for descriptor in self._found(name)]

    def socket(self, name: str) -> socket.socket:
        """The one socket of that name."""
        return self.sockets(name)[0]

    def memory(self, name: str) -> int:
        """The descriptor of a shared memory, to map or to read at."""
        return self._found(name)[0]

    def secret(self, name: str) -> bytes:
        """The whole content of a shared memory."""
        descriptor = self.memory(name)
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)

    def _found(self, name: str) -> list[int]:
        if name not in self._held:
            raise NotInherited(f"the supervisor holds no {name}", remedy="Start with: parley up")
        return self._held[name]


def bind(kind: Literal["udp", "tcp"], host: str, port: int, *, setting: str, media: bool = False) -> socket.socket:
    """A bound socket (TCP: listening). `setting` names what to change when the port is taken. Raises PortTaken.

    `media` makes the receive buffer large enough to outlast a replaced reader, as far as the kernel lets us.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    try:
        if kind == "tcp":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if media:
            _enlarge(made)
        made.bind((host, port))
        if kind == "tcp":
            made.listen(256)
    except OSError as error:
        made.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
            raise PortTaken(
                f"{kind.upper()} port {port} on {host} cannot be used: {os.strerror(error.errno)}",
                remedy=f"Stop what uses it (ss -lnp | grep {port}), or set {setting}.",
            ) from error
        raise
    return made


def _enlarge(made: socket.socket) -> None:
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
    except PermissionError:  # an ordinary user gets what net.core.rmem_max allows
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
