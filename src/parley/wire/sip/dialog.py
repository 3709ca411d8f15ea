"""Dialogs of a user agent server (RFC 3261 section 12): who, in which order, over which route."""

from dataclasses import dataclass, replace

from parley.wire.sip.errors import BadMessage
from parley.wire.sip.headers import NameAddress, Target
from parley.wire.sip.message import Request, build_request

MAX_ROUTES = 20


@dataclass(frozen=True, slots=True)
class DialogId:
    """What names a dialog on our side."""

    call_id: str
    local_tag: str
    remote_tag: str


@dataclass(frozen=True, slots=True)
class Dialog:
    """A dialog that a request to us made. Addresses and routes are the peer's own text."""

    id: DialogId
    local_address: str
    remote_address: str
    local_sequence: int
    remote_sequence: int
    target: str
    routes: tuple[str, ...]

    def received(self, request: Request) -> "Dialog":
        """The dialog after an in-dialog request; INVITE and UPDATE refresh the target (RFC 3261 12.2.2, RFC 3311).

        Raises BadMessage 500 when the request is older than one already seen. ACK has its INVITE's number.
        """
        if request.method == "ACK":
            return self
        if request.sequence <= self.remote_sequence:
            raise BadMessage(code=500, reason="CSeq is out of order", request=request)
        dialog = replace(self, remote_sequence=request.sequence)
        if request.method in {"INVITE", "UPDATE"}:
            required = request.method == "INVITE"
            target = contact_target(request, required=required)
            if target is not None:
                dialog = replace(dialog, target=target.text)
        return dialog

    def request(
        self, method: str, *, via: str, contact: str, extra: tuple[tuple[str, str], ...] = ()
    ) -> tuple["Dialog", bytes]:
        """The next request in the dialog and the dialog after it (RFC 3261 section 12.2.1.1)."""
        dialog = replace(self, local_sequence=self.local_sequence + 1)
        uri, routes = self._route()
        headers = (
            ("Via", via),
            ("Max-Forwards", "70"),
            *(("Route", f"<{route}>") for route in routes),
            ("From", self.local_address),
            ("To", self.remote_address),
            ("Call-ID", self.id.call_id),
            ("CSeq", f"{dialog.local_sequence} {method}"),
            ("Contact", contact),
            *extra,
        )
        return dialog, build_request(method=method, uri=uri, headers=headers)

    def _route(self) -> tuple[str, tuple[str, ...]]:
        """Request URI and Route values: a strict first hop takes its place (RFC 3261 section 12.2.1.1)."""
        if not self.routes or Target.parse(self.routes[0]).loose:
            return self.target, self.routes
        return self.routes[0], (*self.routes[1:], self.target)

    @property
    def next_hop(self) -> Target:
        """Where the next request is sent. Raises ValueError only for a dialog that was not made by `accept`."""
        return Target.parse(self.routes[0] if self.routes else self.target)


def contact_target(request: Request, *, required: bool) -> Target | None:
    """The URI of the only Contact (RFC 3261 section 8.1.1.8). Raises BadMessage 400 when missing, many or not SIP."""
    contacts = request.headers.items("contact")
    if not contacts and not required:
        return None
    if len(contacts) != 1:
        raise BadMessage(
            code=400, reason="Contact is missing" if not contacts else "more than one Contact", request=request
        )
    try:
        return Target.parse(NameAddress.parse(contacts[0]).uri)
    except ValueError:
        raise BadMessage(code=400, reason="Contact is not valid", request=request) from None


def accept(request: Request, *, local_tag: str) -> Dialog:
    """The dialog that a 2xx with `local_tag` to `request` makes (RFC 3261 section 12.1.1).

    Raises BadMessage 400 when Contact is missing or a Record-Route cannot be followed back.
    """
    target = contact_target(request, required=True)
    values = request.headers.items("record-route")
    try:
        routes = tuple(Target.parse(NameAddress.parse(value).uri).text for value in values)
    except ValueError:
        raise BadMessage(code=400, reason="Record-Route is not valid", request=request) from None
    if len(routes) > MAX_ROUTES:
        raise BadMessage(code=400, reason="too many routes", request=request)
    to_value = request.headers.get("to") or ""
    return Dialog(
        id=DialogId(call_id=request.call_id, local_tag=local_tag, remote_tag=request.from_tag),
        local_address=f"{to_value};tag={local_tag}",
        remote_address=request.headers.get("from") or "",
        local_sequence=0,
        remote_sequence=request.sequence,
        target=target.text if target is not None else "",
        routes=routes,
    )
