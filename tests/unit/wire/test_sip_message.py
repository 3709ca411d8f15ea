"""Messages: what is read, what is refused and how, what is answered; `sipmessage` is the independent reader of
answers.
"""

import pytest
import sipmessage
from tests.support.siprec_messages import Client, siprec_body

from parley.wire.sip.api import Answer, BadMessage, NameAddress, Request, Target, Via, build_response, parse_message
from parley.wire.sip.headers import parse_parameters, split_list


def read(data: bytes) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def test_an_invite_is_read_whole() -> None:
    client = Client()
    request = read(client.invite())
    assert (request.method, request.call_id, request.sequence, request.from_tag) == ("INVITE", "call-1", 1, "src1")
    assert request.to_tag is None
    assert request.body == siprec_body()[1]
    assert request.raw == client.invite()
    assert request.vias[0].port == 5080 and request.vias[0].rport


def test_compact_and_folded_headers_are_read() -> None:
    data = (
        b"OPTIONS sip:srs SIP/2.0\r\nv: SIP/2.0/UDP sbc1;branch=z9hG4bK1\r\nf: <sip:a@sbc1>\r\n ;tag=x\r\n"
        b"t : <sip:srs@srs1>\r\ni: 1\r\nCSeq:\r\n\t7 OPTIONS\r\nl: 0\r\n\r\n"
    )
    request = read(data)
    assert (request.from_tag, request.sequence, request.vias[0].host) == ("x", 7, "sbc1")


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        (lambda m: m.replace(b"Call-ID: call-1\r\n", b""), 400, "Call-Id is missing"),
        (lambda m: m.replace(b"CSeq: 1 INVITE\r\n", b""), 400, "Cseq is missing"),
        (lambda m: m.replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"), 400, "Cseq is not valid"),
        (lambda m: m.replace(b"CSeq: 1 ", b"CSeq: 4294967296 "), 400, "Cseq is not valid"),
        (lambda m: m.replace(b"CSeq: 1 ", "CSeq: \u0661 ".encode()), 400, "Cseq is not valid"),
        (lambda m: m.replace(b"From: ", b"X-From: "), 400, "From is missing"),
        (lambda m: m.replace(b";tag=src1", b""), 400, "From has no tag"),
        (lambda m: m.replace(b"Call-ID: call-1", b"Call-ID: call-1\r\nCall-ID: call-2"), 400, "Call-Id is repeated"),
        (lambda m: m.replace(b"src@", b"s\xff\xferc@", 1), 400, "message head is not UTF-8"),
        (lambda m: m.replace(b"Max-Forwards: 70", b"Max-Forwards: many"), 400, "Max-Forwards is not valid"),
        (lambda m: m.replace(b"Max-Forwards: 70", b"no colon"), 400, "header line is not valid"),
        (lambda m: m.replace(b"Content-Length: ", b"Content-Length: -"), 400, "Content-Length is not valid"),
        (lambda m: m[:-10], 400, "body is shorter than Content-Length"),
        (lambda m: m.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1), 505, "SIP version is not 2.0"),
        (lambda m: m.replace(b"INVITE sip:", b"INVITE http:", 1), 416, "request URI has an unsupported scheme"),
        (lambda m: m + b"x" * 60_000, 513, "message is too large"),
        (lambda m: m.replace(b"Require", b"X: y\r\n" * 200 + b"Require"), 400, "too many header fields"),
        (lambda m: m.replace(b"Require", b"X: " + b"y" * 20_000 + b"\r\nRequire"), 513, "message is too large"),
        (lambda m: m.split(b"\r\n\r\n")[0], 400, "message head is cut off"),
    ],
)
def test_what_is_wrong_is_named_and_can_be_answered(change: object, code: int, reason: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parse_message(change(Client().invite()))  # type: ignore[operator]
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert caught.value.request is not None
    data = build_response(caught.value.request, Answer(code, to_tag="t"), address="127.0.0.1", port=5080)
    assert data.startswith(f"SIP/2.0 {code} ".encode())
    assert b"rport=5080" in data


@pytest.mark.parametrize("via", [b"", b"Via: nonsense\r\n", b"Via: SIP/2.0/UDP h:99999\r\n"])
def test_without_a_via_there_is_nobody_to_answer(via: bytes) -> None:
    data = Client().invite()
    start, _, rest = data.partition(b"\r\n")
    broken = start + b"\r\n" + via + rest.partition(b"\r\n")[2]
    with pytest.raises(BadMessage) as caught:
        parse_message(broken)
    assert caught.value.request is None


def test_octets_beyond_the_length_are_dropped() -> None:
    assert read(Client().invite() + b"junk").body == siprec_body()[1]


def test_an_answer_gives_back_what_was_received_octet_by_octet() -> None:
    data = (
        Client()
        .invite()
        .replace(b"branch=z9hG4bK-call-1-1-INVITE;rport", b'branch=z9hG4bK*+1!;rport;x="a;b"')
        .replace(b"From: <sip:src@127.0.0.1>", b'From: "Z\xc3\xbcrich, \\"GmbH\\"" <sip:src@127.0.0.1>')
    )
    data = data.replace(b"Require", b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nVia: SIP/2.0/UDP 10.0.0.9\r\nRequire")
    request = read(data)
    answer = build_response(
        request, Answer(200, to_tag="abc", content_type="a/b", body=b"xyz"), address="10.1.1.1", port=7
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b"xyz"
    assert b'Via: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK*+1!;rport=7;x="a;b";received=10.1.1.1\r\n' in head
    assert b"Via: SIP/2.0/UDP 10.0.0.9\r\n" in head
    assert b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n" in head
    assert 'From: "Zürich, \\"GmbH\\"" <sip:src@127.0.0.1>;tag=src1\r\n'.encode() in head
    assert b"To: <sip:srs@127.0.0.1>;tag=abc\r\n" in head
    assert b"Content-Length: 3" in head


def test_an_independent_reader_understands_the_answer() -> None:
    request = read(Client().invite())
    answer = Answer(403, headers=(("Reason", 'SIP;cause=403;text="no"'),), to_tag="t")
    response = sipmessage.Message.parse(build_response(request, answer, address="127.0.0.1", port=5080))
    assert isinstance(response, sipmessage.Response)
    assert (response.code, response.call_id, response.cseq.sequence) == (403, "call-1", 1)
    assert response.to_address.parameters["tag"] == "t"
    assert response.via[0].parameters["rport"] == "5080"


def test_received_is_added_only_when_it_says_something() -> None:
    plain = Via.parse("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1")
    assert plain.answered_from(address="10.0.0.1", port=9) == plain.text
    assert plain.answered_from(address="10.0.0.2", port=9).endswith(";received=10.0.0.2")
    assert plain.response_port(source_port=9) == 5060
    forged = Via.parse("SIP/2.0/UDP 10.0.0.1;received=6.6.6.6;rport;branch=z9hG4bK1")
    assert forged.answered_from(address="10.0.0.2", port=9) == (
        "SIP/2.0/UDP 10.0.0.1;rport=9;branch=z9hG4bK1;received=10.0.0.2"
    )
    assert forged.response_port(source_port=9) == 9


def test_lists_parameters_and_addresses() -> None:
    assert split_list('"a, b" <sip:x,y@z>, <sip:q>') == ('"a, b" <sip:x,y@z>', "<sip:q>")
    assert parse_parameters(';a=1; B ;c="x\\"y"') == {"a": "1", "b": None, "c": 'x"y'}
    assert NameAddress.parse("sip:a@b;tag=t").tag == "t"
    assert NameAddress.parse('"x <y>" <sip:a@b;lr>;tag=t').uri == "sip:a@b;lr"
    target = Target.parse("sip:src@[2001:db8::1]:5070;transport=tcp;lr")
    assert (target.host, target.port, target.transport, target.loose) == ("[2001:db8::1]", 5070, "TCP", True)
    for wrong in ("http://x", "sip:", "sip:a@b:0", "sip:a@b:70000", "sip:a b"):
        with pytest.raises(ValueError, match="URI"):
            Target.parse(wrong)
