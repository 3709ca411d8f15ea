"""Bodies and metadata of recording sessions; hostile ones are refused before they cost anything."""

import pytest
from tests.support.siprec_messages import NAMESPACE, metadata, multipart, sdp, siprec_body

from parley.wire.siprec.api import BadBody, Metadata, parse_metadata, split_body


def document(inner: str) -> bytes:
    return f"<recording {NAMESPACE}>{inner}</recording>".encode()


def test_parts_of_a_siprec_body() -> None:
    kind, body = siprec_body()
    parts = split_body(content_type=kind, body=body)
    assert [part.media_type for part in parts] == ["application/sdp", "application/rs-metadata+xml"]
    assert parts[0].content == sdp()
    assert parts[1].content == metadata()


def test_boundaries_preambles_and_bare_line_feeds() -> None:
    body = b"preamble\n--=_x/1 \nContent-Type: APPLICATION/SDP ; a=b\nX: y\n\nv=0\n--=_x/1--\nepilogue"
    (part,) = split_body(content_type='multipart/mixed; a="b"; boundary="=_x/1"', body=body)
    assert (part.media_type, part.content) == ("application/sdp", b"v=0")
    (plain,) = split_body(content_type="application/sdp", body=b"v=0")
    assert plain.content == b"v=0"
    assert split_body(content_type=None, body=b"") == ()


def test_a_nested_multipart_is_opened() -> None:
    kind, inner = siprec_body()
    outer = multipart((kind, inner), boundary="outer")
    assert len(split_body(content_type=outer[0], body=outer[1])) == 2


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (None, b"x"),
        ("nonsense", b"x"),
        ("multipart/mixed", b"x"),
        ("multipart/mixed;boundary=b", b"x"),
        ("multipart/mixed;boundary=b", b"--b\r\nContent-Type: a/b\r\n\r\nx"),
        ("multipart/mixed;boundary=b", b"--b\r\nno end of headers\r\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\nX: \xff\r\n\r\nx\r\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n" * 20 + b"--b--"),
    ],
)
def test_broken_bodies_are_refused(kind: str | None, body: bytes) -> None:
    with pytest.raises(BadBody):
        split_body(content_type=kind, body=body)


def test_complete_metadata() -> None:
    data = parse_metadata(metadata())
    assert data.complete
    assert data.conversation == "g1"
    one, two = data.sender("1"), data.sender("2")
    assert one is not None and two is not None
    assert (one.names[0].aor, one.names[0].display) == ("sip:+390584943232@example.org", "Anna Caller")
    assert two.names[0].aor == "tel:+390266711"
    assert data.sender("3") is None


def test_partial_metadata_adds_and_replaces() -> None:
    update = parse_metadata(
        document(
            "<datamode>partial</datamode>"
            '<participant participant_id="p2"><nameID aor="sip:new@x"/></participant>'
            '<participant participant_id="p3"><nameID aor="sip:third@x"/></participant>'
            '<stream stream_id="t3" session_id="s1"><label>3</label></stream>'
            '<participantstreamassoc participant_id="p3"><send>t3</send></participantstreamassoc>'
            '<participantsessionassoc participant_id="p1" session_id="s1"><disassociate-time>2026-11-22T10:00:00Z'
            "</disassociate-time></participantsessionassoc>"
        )
    )
    known = parse_metadata(metadata()).updated(update)
    assert [one.id for one in known.participants] == ["p1", "p2", "p3"]
    assert known.sender("2").names[0].aor == "sip:new@x"  # type: ignore[union-attr]
    assert known.sender("3").id == "p3"  # type: ignore[union-attr]
    assert known.left == ("p1",)
    assert known.conversation == "g1"
    assert known.updated(parse_metadata(document(""))) == Metadata(complete=True)


def test_conversation_without_a_group_is_the_session() -> None:
    assert parse_metadata(document('<session session_id="s9"/>')).conversation == "s9"
    assert parse_metadata(document("")).conversation == ""


def test_foreign_elements_and_drafts_are_tolerated() -> None:
    data = parse_metadata(
        b'<recording xmlns="urn:ietf:params:xml:ns:recording" xmlns:v="urn:vendor"><dataMode>Complete</dataMode>'
        b'<v:session session_id="no"><session session_id="no"/></v:session><session id="yes"/></recording>'
    )
    assert [session.id for session in data.sessions] == ["yes"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        b"<recording>",
        b"<recording/>",
        b"<other xmlns='urn:ietf:params:xml:ns:recording:1'/>",
        b'<!DOCTYPE recording [<!ENTITY a "b">]><recording xmlns="urn:ietf:params:xml:ns:recording:1">&a;</recording>',
        b'<!DOCTYPE recording SYSTEM "file:///etc/passwd"><recording xmlns="urn:ietf:params:xml:ns:recording:1"/>',
        document("<datamode>odd</datamode>"),
        document("<session/>"),
        document('<participant participant_id=""/>'),
        document("<x>" * 20 + "</x>" * 20),
        document("<x/>" * 3_000),
        document(f"<datamode>{'y' * 2_000}</datamode>"),
        document(f'<session session_id="{"y" * 2_000}"/>'),
        document(" " * 60_000),
        document("").replace(b">", b" \xff>", 1),
        b'<?xml version="1.0" encoding="klingon"?><recording xmlns="urn:ietf:params:xml:ns:recording:1"/>',
    ],
)
def test_broken_and_hostile_metadata_is_refused(content: bytes) -> None:
    with pytest.raises(BadBody):
        parse_metadata(content)
