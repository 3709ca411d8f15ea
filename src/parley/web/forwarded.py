"""Whom a request comes from when a proxy brought it, and whether it came over TLS.

A header is believed only when the peer is a proxy that the operator trusts, only the one header that this proxy writes
(another passes through it as the client sent it), and only from its right end: each proxy appends whom it saw, and what
stands left of the first address that is not a proxy of ours was written by a stranger. Sources: RFC 7239 for
`Forwarded`; `X-Forwarded-For` and `X-Forwarded-Proto` have none, and are read as proxies write them.

WSGI cannot tell `X_Forwarded_For` from `X-Forwarded-For`: a proxy that writes the latter must drop names with an
underscore. `Forwarded` has no such twin.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from parley.web.place import Handler

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WORD: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_PAIR: Final = re.compile(rf"\s*(?P<name>{_WORD})=(?P<value>{_WORD}|{_QUOTED})\s*(?P<end>[;,]|$)")
_PORT: Final = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?")
_SUBSCRIBER: Final = 64
"""The bits of an IPv6 address that name a subscriber (RFC 6177): the others are its own to choose."""


@dataclass(frozen=True, kw_only=True)
class Hop:
    """Whom one proxy saw: `address` None when it does not say ("unknown", "_hidden"); `proto` "" likewise."""

    address: Address | None
    proto: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a request comes from; `proto` "http", "https", or "" when no trusted proxy says."""

    address: str
    proto: str = ""


def origin(*, peer: str, header: str, headers: Mapping[str, str], trusted: Collection[Network]) -> Origin:
    """The rightmost address that no trusted proxy has, as the trusted ones say.

    `peer` is the other end of the connection, `header` "forwarded" or "x-forwarded-for". What cannot be read ends the
    walk: then it is the last proxy that could be, and its clients share one count.
    """
    at = _address(peer)
    if at is None or not _among(at, trusted):
        return Origin(address=peer)
    hops = forwarded(headers.get("HTTP_FORWARDED", "")) if header == "forwarded" else _forwarded_for(headers)
    proto = ""
    for hop in reversed(hops):
        proto = hop.proto
        if hop.address is None:
            break
        at = hop.address
        if not _among(at, trusted):
            break
    if header != "forwarded":
        proto = headers.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
    return Origin(address=str(at), proto=proto if proto in {"http", "https"} else "")


def forwarded(text: str) -> tuple[Hop, ...]:
    """The elements of a `Forwarded` header in their order (RFC 7239 section 4); none when any of it is malformed."""
    hops, pairs, place = [], dict[str, str](), 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None or pair["name"].lower() in pairs:
            return ()
        pairs[pair["name"].lower()] = _unquoted(pair["value"])
        place = pair.end()
        if pair["end"] != ";":
            hops.append(Hop(address=_node(pairs.get("for", "")), proto=pairs.get("proto", "").lower()))
            pairs = {}
    return tuple(hops) if not pairs else ()


def networks(texts: Collection[str]) -> tuple[Network, ...]:
    """Addresses and networks as the operator writes them. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def subscriber(address: str) -> str:
    """What limits are counted by: an IPv4 address, or the network of an IPv6 one, of which a subscriber has 2**64."""
    known = _address(address)
    return str(ip_network((known, _SUBSCRIBER), strict=False)) if isinstance(known, IPv6Address) else address


class Forwarded:
    """Puts the client's address and scheme where everything else looks for them: the first of all middleware."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self._trusted = networks(settings.PARLEY_PROXY_TRUSTED)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        if self._trusted:
            found = origin(
                peer=meta.get("REMOTE_ADDR", ""), header=settings.PARLEY_PROXY_HEADER, headers=meta,
                trusted=self._trusted,
            )  # fmt: skip
            meta["REMOTE_ADDR"] = found.address
            if found.proto:
                meta["wsgi.url_scheme"] = found.proto
        return self.get_response(request)


def _forwarded_for(headers: Mapping[str, str]) -> tuple[Hop, ...]:
    text = headers.get("HTTP_X_FORWARDED_FOR", "")
    return tuple(Hop(address=_address(one.strip()) or _node(one.strip())) for one in text.split(",")) if text else ()


def _node(text: str) -> Address | None:
    """A node of RFC 7239 section 6: an IPv4 address or an IPv6 one in brackets, perhaps with a port."""
    match = _PORT.fullmatch(text)
    return _address(match["six"] or match["four"]) if match is not None else None


def _address(text: str | None) -> Address | None:
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _among(address: Address, trusted: Collection[Network]) -> bool:
    return any(address in network for network in trusted)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
