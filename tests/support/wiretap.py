"""Everything that a browser sends to a server, octet by octet: a relay between the two that keeps what goes up."""

import base64
import contextlib
import socket
import threading
from collections.abc import Iterable


class Wiretap:
    """Relays connections to `target` from a port of its own, `port`; `sent` is all that clients sent so far."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self._pieces: list[bytes] = []
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def sent(self) -> bytes:
        return b"".join(self._pieces)

    def holds(self, secret: bytes) -> bool:
        """Whether `secret` went up, as it is, in hexadecimal or in base64 at any of its three alignments."""
        log = self.sent
        lowered = log.lower()
        plain = secret in log or secret.hex().encode() in lowered
        return plain or any(spelled in log for spelled in _base64(secret))

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(self._target)
                threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, kept: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if kept:
                    self._pieces.append(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _base64(secret: bytes) -> Iterable[bytes]:
    """The characters that base64 shows of `secret` wherever it begins, in both alphabets."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret)
        inner = encoded[(before * 8 + 5) // 6 : len(encoded) - 4]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))
