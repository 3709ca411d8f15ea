"""E-mail becomes a request or an entry on one; loops, replies and hostile input are not taken in."""

import os
import random
from email.message import EmailMessage

import pytest
from tests.integration.rights.conftest import PERSON, now

from parley.rights import api as rights
from parley.rights.intake import LARGEST


def letter(text: str = "Please delete my data.", **headers: str) -> bytes:
    message = EmailMessage()
    given = {"From": f"Ada Marker <{PERSON}>", "To": "rights@parley.example", "Subject": "My data"} | headers
    for name, value in given.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def test_a_mail_is_a_request_once_and_its_reply_an_entry(place):
    raw = letter(Message_ID="<one@person.example>")
    taken = rights.receive_mail(raw, now())
    assert taken.outcome == "request"
    view = rights.request(taken.request_id, at=now())
    assert (view.line.kinds, view.person.email, view.person.name) == (("erasure",), PERSON, "Ada Marker")
    assert rights.receive_mail(raw, now()).request_id == view.id
    reply = letter("One thing more.", Subject=f"Re: [{view.line.tag}] We have received your request")
    entry = rights.receive_mail(reply, now())
    assert (entry.outcome, entry.request_id) == ("entry", view.id)
    assert rights.receive_mail(reply, now()).reason == "came before"
    said = [line.said for line in rights.request(view.id, at=now()).story if line.what == "person-wrote"]
    assert len(said) == 1
    assert "One thing more." in said[0]
    assert len(rights.requests(at=now()).lines) == 1


def test_a_stranger_who_quotes_the_tag_gets_a_request_of_its_own(place):
    first = rights.receive_mail(letter(), now())
    tag = rights.request(first.request_id, at=now()).line.tag
    other = rights.receive_mail(letter("Tell me all.", From="eve@evil.example", Subject=f"Re: [{tag}]"), now())
    assert other.outcome == "request"
    assert other.request_id != first.request_id


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"List_Id": "<list.example.org>"},
        {"Return_Path": "<>"},
        {"X_Autoreply": "yes"},
        {"From": "MAILER-DAEMON@person.example"},
        {"From": "noreply@person.example"},
        {"From": "not an address"},
        {"From": ""},
    ],
)
def test_loops_and_automatic_replies_are_ignored(place, headers):
    assert rights.receive_mail(letter(**headers), now()).outcome == "ignored"
    assert rights.requests(at=now()).lines == ()


def test_our_own_letters_are_ignored(place, settings):
    assert rights.receive_mail(letter(From=settings.PARLEY_MAIL_FROM), now()).outcome == "ignored"


def test_attachments_are_dropped_with_a_note_and_html_is_read_as_text(place):
    message = EmailMessage()
    message["From"], message["Subject"] = PERSON, "Auskunft nach Artikel 15"
    message.set_content("<p>Bitte <b>alles</b></p><script>alert(1)</script>", subtype="html")
    message.add_attachment(os.urandom(1000), maintype="image", subtype="jpeg", filename="passport.jpg")
    view = rights.request(rights.receive_mail(message.as_bytes(), now()).request_id, at=now())
    assert view.line.kinds == ("access",)
    assert "1 attachments were not kept" in view.person.text
    assert "alert" not in view.person.text
    assert "passport" not in view.person.text


def test_many_of_one_sender_in_a_day_are_not_taken_in(place):
    outcomes = [rights.receive_mail(letter(f"delete my data {one}"), now()).outcome for one in range(22)]
    assert outcomes.count("request") == 20
    assert outcomes[-1] == "ignored"


def test_hostile_input_never_raises(place):
    nested = b"Content-Type: multipart/mixed; boundary=b\r\nFrom: a@b.example\r\n\r\n"
    bombs = [
        b"", b"\0" * 100, b"From: " + b"a" * 100_000 + b"@b.example\r\n\r\nx", nested + b"--b\r\n" * 50_000,
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n") * 2000, b"x" * (LARGEST + 1),
        letter("a\0b" * 10), letter("x" * 1_000_000), letter(Subject="=?utf-8?b?////?="),
        b"From: =?unknown-8bit?q?=FF?= <a@b.example>\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"From: a@b.example, c@d.example\r\nSubject: [R-2222-2222] [R-2222-2222]\r\n\r\ndelete my data",
        letter("\u202egnp.exe \u2066hidden\u2069"),
    ]  # fmt: skip
    for raw in bombs:
        assert rights.receive_mail(raw, now()).outcome in ("request", "entry", "ignored")
    chance = random.Random(7)
    good = letter("Please delete my data.", Message_ID="<z@person.example>")
    for _ in range(60):
        broken = bytearray(good)
        for _change in range(chance.randrange(1, 12)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        assert rights.receive_mail(bytes(broken), now()).outcome in ("request", "entry", "ignored")
    assert all(
        "\u202e" not in rights.request(line.id, at=now()).person.text for line in rights.requests(at=now()).lines
    )
