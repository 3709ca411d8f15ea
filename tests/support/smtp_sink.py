"""A mail server for tests: takes messages and keeps them, refuses them, or is away.

    with sink() as server:
        server.mode = "refuse"
        courier = server.courier()
        ...
        assert [one.message_id for one in server.taken] == [...]

`signed(message)` says whether its DKIM signature holds, with the key that the test's settings name, no DNS asked.
"""

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, cast

import dkim
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from parley.mail.outbox import Courier
from parley.mail.signing import Signer, signer
from parley.mail.transport import Server

DOMAIN = "mail.parley.test"
SELECTOR = "test"
SENDER = f"parley@{DOMAIN}"


@dataclass(frozen=True)
class Taken:
    """One message that the server took: for whom, and its bytes."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        return cast(EmailMessage, email.message_from_bytes(self.content, policy=email.policy.default))

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def html(self) -> str:
        body = self.message.get_body(("html",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@dataclass
class Sink:
    """`mode`: accept; refuse (550 for every recipient); busy (451, try again); away (nobody listens).

    Recipients in `refused` are refused whatever the mode. `keys` is where the DKIM key is.
    """

    keys: Path
    port: int = 0
    refused: set[str] = field(default_factory=set)
    taken: list[Taken] = field(default_factory=list)
    _mode: Literal["accept", "refuse", "busy", "away"] = "accept"
    _controller: Controller | None = None

    @property
    def mode(self) -> str:
        return self._mode

    @mode.setter
    def mode(self, mode: Literal["accept", "refuse", "busy", "away"]) -> None:
        self._mode = mode
        if mode == "away":
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        if self._controller is None:
            self.port = self.port or _free_port()
            self._controller = Controller(self, hostname="127.0.0.1", port=self.port, data_size_limit=20_000_000)
            self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def signer(self) -> Signer:
        return signer(domain=DOMAIN, selector=SELECTOR, keys=self.keys)

    def courier(self, *, signed: bool = True) -> Courier:
        """What hands messages to this server, as the worker would with these settings."""
        server = Server(host="127.0.0.1", port=self.port, tls="none", seconds=5.0)
        return Courier(server=server, sender=SENDER, signed_by=self.signer if signed else None)

    def environment(self) -> dict[str, str]:
        """The settings by which a process of Parley sends to this server."""
        return {
            "PARLEY_MAIL_HOST": "127.0.0.1",
            "PARLEY_MAIL_PORT": str(self.port),
            "PARLEY_MAIL_TLS": "none",
            "PARLEY_MAIL_FROM": SENDER,
            "PARLEY_MAIL_DKIM_DOMAIN": DOMAIN,
            "PARLEY_MAIL_DKIM_SELECTOR": SELECTOR,
        }

    def signed(self, taken: Taken, *, by: Signer | None = None) -> bool:
        """Whether the signature of the message holds, checked by an implementation that is not ours."""
        name, record = (by or self.signer()).dns_record()
        known = {f"{name}.".encode(): record.encode()}
        return bool(dkim.verify(taken.content, dnsfunc=lambda asked, timeout=5: known.get(asked, b"")))

    def to(self, address: str) -> list[Taken]:
        """What was taken for one address, in the order of arrival."""
        return [one for one in self.taken if address in one.recipients]

    # What aiosmtpd calls.

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._mode == "refuse" or address in self.refused:
            return f"550 5.1.1 <{address}> nobody of that name here"
        if self._mode == "busy":
            return "451 4.3.2 busy, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content
        assert isinstance(content, bytes)
        self.taken.append(Taken(sender=str(envelope.mail_from), recipients=tuple(envelope.rcpt_tos), content=content))
        return f"250 2.0.0 taken as {len(self.taken)}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sink(keys: Path) -> Iterator[Sink]:
    """A mail server that listens for the length of the block; its DKIM key is made in `keys`."""
    server = Sink(keys=keys)
    server.start()
    try:
        yield server
    finally:
        server.stop()
