"""What the recorder says of itself in SIP: where it is reached and what it understands, in its answers and requests."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from parley.daemons.signalling.table import Call
from parley.recordings.offers import BODY_TYPES, METHODS, SUPPORTED_TAGS
from parley.wire.sip import api as sip

ALLOW = ("Allow", ", ".join(METHODS))
_TAGS = ("Supported", ", ".join(SUPPORTED_TAGS))


@dataclass(frozen=True, slots=True)
class Ourselves:
    """`address_for` gives our address as a peer's host sees it; `port` is that of SIP."""

    address_for: Callable[[str], str]
    port: int

    def contact(self, flow: sip.Flow) -> tuple[str, str]:
        transport = ";transport=tcp" if flow.protocol == "TCP" else ""
        return "Contact", f"<sip:parley@{self.address_for(flow.remote[0])}:{self.port}{transport}>;+sip.srs"

    def abilities(self, flow: sip.Flow) -> sip.Answer:
        """The answer to OPTIONS."""
        accept = ("Accept", ", ".join(BODY_TYPES))
        return sip.Answer(200, headers=(self.contact(flow), ALLOW, accept, _TAGS))

    def dressed(self, call: Call, answer: sip.Answer) -> sip.Answer:
        """A 2xx with our tag, Contact and abilities."""
        headers = (self.contact(call.flow), ALLOW, _TAGS, *answer.headers)
        return replace(answer, headers=headers, to_tag=call.local_tag)

    def request(self, call: Call, method: str, *, extra: tuple[tuple[str, str], ...]) -> "Asking":
        """A request of ours in the dialog of a call, over its connection or to its next hop; the dialog goes on."""
        assert call.dialog is not None  # noqa: S101 - a call is only asked after its dialog was made
        branch = f"{sip.MAGIC}{os.urandom(10).hex()}"
        hop = call.dialog.next_hop
        numeric = hop.host.replace(".", "").isdigit()
        remote = (hop.host if numeric else call.flow.remote[0], hop.port or 5060)
        flow = replace(call.flow, remote=remote)
        via = f"SIP/2.0/{flow.protocol} {self.address_for(remote[0])}:{self.port};branch={branch};rport"
        if method == "UPDATE":
            extra = (("Supported", "timer"), ("Session-Expires", f"{call.session.interval};refresher=uac"), *extra)
        contact = self.contact(flow)[1]
        call.dialog, data = call.dialog.request(method, via=via, contact=contact, extra=extra)
        return Asking(branch=branch, flow=flow, data=data)


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to send: its transaction, where it goes, its octets."""

    branch: str
    flow: sip.Flow
    data: bytes
