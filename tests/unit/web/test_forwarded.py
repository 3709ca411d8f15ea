"""Where a request comes from behind proxies: the word of a trusted one, and nobody else's."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from parley.web.forwarded import Forwarded, Origin, forwarded, networks, origin, subscriber

TRUSTED = networks(["10.0.0.0/24", "2001:db8:ffff::/48", "127.0.0.1"])
CLIENT, SPOOFED = "198.51.100.7", "203.0.113.66"


def of(header: str, text: str, *, peer: str = "10.0.0.1", proto: str = "") -> Origin:
    name = "HTTP_" + header.upper().replace("-", "_")
    headers = {name: text} | ({"HTTP_X_FORWARDED_PROTO": proto} if proto else {})
    return origin(peer=peer, header=header, headers=headers, trusted=TRUSTED)


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        (CLIENT, CLIENT),
        (f"{SPOOFED}, {CLIENT}", CLIENT),
        (f"{SPOOFED},{CLIENT},10.0.0.9", CLIENT),
        (f"10.0.0.7, {CLIENT}", CLIENT),  # a stranger names a proxy of ours
        (f"{CLIENT}:51234", CLIENT),
        ("2001:db8::5", "2001:db8::5"),
        ("[2001:db8::5]:443", "2001:db8::5"),
        ("::ffff:198.51.100.7", CLIENT),
        (f"{CLIENT}, 2001:db8:ffff::1", CLIENT),
        ("10.0.0.7, 10.0.0.8", "10.0.0.7"),  # all are proxies: the farthest of them asks by itself
        (f"{CLIENT}, nonsense", "10.0.0.1"),
        (f"{CLIENT}, nonsense, 10.0.0.8", "10.0.0.8"),
        (f"{CLIENT},", "10.0.0.1"),
        (f"{CLIENT}; DROP", "10.0.0.1"),
        ("1.2.3", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_the_rightmost_address_that_is_no_proxy_of_ours_counts(chain: str, address: str) -> None:
    assert of("x-forwarded-for", chain).address == address


@pytest.mark.parametrize(
    ("text", "address", "proto"),
    [
        (f"for={CLIENT};proto=https", CLIENT, "https"),
        (f"For={SPOOFED};proto=https, for={CLIENT};proto=http;by=10.0.0.1", CLIENT, "http"),
        ('for="[2001:db8::5]:443";proto=HTTPS', "2001:db8::5", "https"),
        (f'proto=https;for="{CLIENT}:80", for=10.0.0.9;proto=http', CLIENT, "https"),
        ("for=unknown;proto=https", "10.0.0.1", "https"),
        (f"for={SPOOFED}, for=_hidden, for=10.0.0.9", "10.0.0.9", ""),
        (f"for={CLIENT};proto=gopher", CLIENT, ""),
        (f'for={SPOOFED};x="open, for={CLIENT}', "10.0.0.1", ""),  # a quote that swallows what the proxy appends
        (f'for={SPOOFED};x=", for="{CLIENT}:1"', "10.0.0.1", ""),
        (f"for={CLIENT};for={SPOOFED}", "10.0.0.1", ""),
        (f"for={CLIENT};", "10.0.0.1", ""),
        ("for=2001:db8::5", "10.0.0.1", ""),  # IPv6 wants brackets and quotes
        (CLIENT, "10.0.0.1", ""),
    ],
)
def test_forwarded_is_read_as_rfc_7239_writes_it(text: str, address: str, proto: str) -> None:
    assert of("forwarded", text) == Origin(address=address, proto=proto)


def test_a_peer_that_nobody_trusts_is_whom_it_is() -> None:
    for header in ("forwarded", "x-forwarded-for"):
        text = f"for={SPOOFED};proto=https" if header == "forwarded" else SPOOFED
        assert of(header, text, peer=CLIENT, proto="https") == Origin(address=CLIENT)
    assert of("x-forwarded-for", SPOOFED, peer="") == Origin(address="")


def test_the_header_that_the_proxy_does_not_write_is_ignored() -> None:
    headers = {"HTTP_FORWARDED": f"for={SPOOFED};proto=https", "HTTP_X_FORWARDED_FOR": CLIENT}
    assert origin(peer="10.0.0.1", header="x-forwarded-for", headers=headers, trusted=TRUSTED) == Origin(address=CLIENT)
    headers = {"HTTP_X_FORWARDED_FOR": SPOOFED, "HTTP_X_FORWARDED_PROTO": "https", "HTTP_FORWARDED": f"for={CLIENT}"}
    assert origin(peer="10.0.0.1", header="forwarded", headers=headers, trusted=TRUSTED) == Origin(address=CLIENT)


def test_the_nearest_proxy_says_the_scheme() -> None:
    assert of("x-forwarded-for", CLIENT, proto="https").proto == "https"
    assert of("x-forwarded-for", CLIENT, proto="https, http").proto == "http"
    assert of("x-forwarded-for", CLIENT, proto="javascript").proto == ""


@given(st.text(alphabet='for=;,"\\ 1.:[]ab_', max_size=60))
def test_no_beginning_that_a_stranger_writes_moves_what_the_proxy_appends(begins: str) -> None:
    """Spoofed, whole or torn: the answer is the client, or the proxy itself, never an address of the stranger's."""
    appended = f"for={CLIENT};proto=https"
    found = of("forwarded", f"{begins}, {appended}" if begins else appended)
    assert found.address in {CLIENT, "10.0.0.1"}
    assert of("x-forwarded-for", f"{begins}, {CLIENT}").address == CLIENT
    assert forwarded(appended)


def test_a_subscriber_of_ipv6_is_one_however_many_addresses_it_has() -> None:
    assert subscriber("2001:db8:1:2::1") == subscriber("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert subscriber("2001:db8:1:3::1") != subscriber("2001:db8:1:2::1")
    assert subscriber(CLIENT) == CLIENT
    assert subscriber("") == ""


def test_the_middleware_changes_the_request_for_everybody_after_it() -> None:
    seen: list[tuple[str, bool]] = []

    def view(request: object) -> HttpResponse:
        seen.append((request.META["REMOTE_ADDR"], request.is_secure()))  # type: ignore[attr-defined]
        return HttpResponse()

    def ask() -> None:
        request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"Forwarded": f"for={CLIENT};proto=https"})
        Forwarded(view)(request)

    with override_settings(PARLEY_PROXY_TRUSTED=("10.0.0.0/24",), PARLEY_PROXY_HEADER="forwarded"):
        ask()
    ask()
    assert seen == [(CLIENT, True), ("10.0.0.1", False)]
