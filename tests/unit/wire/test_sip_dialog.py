"""Dialogs: order of requests, routes, targets."""

import pytest
from tests.support.siprec_messages import Client

from parley.wire.sip.api import BadMessage, Request, accept, parse_message


def invite(**changes: object) -> Request:
    message = parse_message(Client(**changes).invite())  # type: ignore[arg-type]
    assert isinstance(message, Request)
    return message


def test_our_bye_goes_to_the_contact_over_the_routes() -> None:
    routes = ("Record-Route", "<sip:p2.example:5070;lr>, <sip:10.0.0.3;lr>")
    dialog = accept(invite(extra=(routes,)), local_tag="ours")
    dialog, data = dialog.request("BYE", via="SIP/2.0/UDP me;branch=z9hG4bK1", contact="<sip:me>")
    lines = data.decode().split("\r\n")
    assert lines[0] == "BYE sip:src@127.0.0.1:5080;transport=udp SIP/2.0"
    assert [line for line in lines if line.startswith("Route")] == [
        "Route: <sip:p2.example:5070;lr>", "Route: <sip:10.0.0.3;lr>"
    ]  # fmt: skip
    assert "From: <sip:srs@127.0.0.1>;tag=ours" in lines
    assert "To: <sip:src@127.0.0.1>;tag=src1" in lines
    assert "CSeq: 1 BYE" in lines
    assert (dialog.next_hop.host, dialog.next_hop.port) == ("p2.example", 5070)
    assert b"CSeq: 2 " in dialog.request("BYE", via="v", contact="c")[1]


def test_a_strict_router_takes_the_request_uri() -> None:
    dialog = accept(invite(extra=(("Record-Route", "<sip:old.example>"),)), local_tag="ours")
    data = dialog.request("BYE", via="v", contact="c")[1]
    assert data.startswith(b"BYE sip:old.example SIP/2.0\r\n")
    assert b"Route: <sip:src@127.0.0.1:5080;transport=udp>\r\n" in data


def test_order_and_target_refresh() -> None:
    dialog = accept(invite(), local_tag="ours")
    later = invite(sequence=5, port=5999, to_tag="ours")
    dialog = dialog.received(later)
    assert (dialog.remote_sequence, dialog.next_hop.port) == (5, 5999)
    with pytest.raises(BadMessage) as caught:
        dialog.received(invite(sequence=5, to_tag="ours"))
    assert caught.value.code == 500


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ((), "Contact is missing"),
        ((("Contact", "<mailto:a@b>"),), "Contact is not valid"),
        ((("Contact", "*"),), "Contact is not valid"),
        ((("Contact", "<sip:a@b>, <sip:c@d>"),), "more than one Contact"),
    ],
)
def test_a_dialog_needs_one_good_contact(contact: tuple[tuple[str, str], ...], reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        accept(invite(without=frozenset({"Contact"}) if not contact else frozenset(), extra=contact)
               if not contact else invite_with(contact), local_tag="t")  # fmt: skip


def invite_with(contact: tuple[tuple[str, str], ...]) -> Request:
    data = (
        Client()
        .invite()
        .replace(b"Contact: <sip:src@127.0.0.1:5080;transport=udp>;+sip.src", f"Contact: {contact[0][1]}".encode())
    )
    message = parse_message(data)
    assert isinstance(message, Request)
    return message
