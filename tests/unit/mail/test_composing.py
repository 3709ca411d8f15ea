"""A message as bytes: what is refused, what is the same twice, what a reader sees."""

import email
import email.policy
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.mail.composing import LARGEST, canonical_address, compose, message_id
from parley.mail.errors import MailRefused
from parley.mail.rules import FIRST_PAUSE, GIVEN_UP_AFTER, LONGEST_PAUSE, answer_words, pause_after
from parley.mail.types import Attachment

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
IDENTIFIER = "<abc@mail.parley.test>"


def composed(**more: object) -> bytes:
    given = {
        "sender": "parley@mail.parley.test",
        "to": ["office@customer.example"],
        "subject": "Notice",
        "text": "Grüße\n.\nFrom here on\n",
        "identifier": IDENTIFIER,
        "at": AT,
    }
    return compose(**given | more)  # type: ignore[arg-type]


def test_text_html_and_file_arrive_as_they_were_written() -> None:
    file = Attachment(name="list.csv", media_type="text/csv", content=b"a,b\r\n1,2\r\n")
    content = composed(html="<p>Gr&uuml;&szlig;e</p>", attachments=[file])
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message.get_body(("plain",)).get_content().split() == ["Grüße", ".", "From", "here", "on"]
    assert "<p>Gr&uuml;" in message.get_body(("html",)).get_content()
    attached = next(iter(message.iter_attachments()))
    assert (attached.get_filename(), attached.get_content_type()) == ("list.csv", "text/csv")
    assert not message.defects
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


def test_composing_twice_gives_the_same_bytes() -> None:
    assert composed(html="<p>a</p>") == composed(html="<p>a</p>")


@pytest.mark.parametrize("subject", ["Notice\nBcc: other@example.org", "Notice\r\n\r\nbody", "a\rb"])
def test_a_line_break_in_a_header_is_refused(subject: str) -> None:
    with pytest.raises(MailRefused):
        composed(subject=subject)


def test_a_message_that_no_server_takes_is_refused_at_once() -> None:
    with pytest.raises(MailRefused, match="bytes"):
        composed(attachments=[Attachment(name="a", media_type="image/png", content=bytes(LARGEST))])


@pytest.mark.parametrize(
    "raw", ["", "office", "a@b@c", "a b@example.org", "a@-b.org", "a@b..org", "a\n@b.org", "<a@b.org>", "@b.org", "a@"]
)
def test_what_is_no_address_is_refused(raw: str) -> None:
    with pytest.raises(MailRefused):
        canonical_address(raw)


def test_a_domain_is_written_in_ascii() -> None:
    assert canonical_address(" office@MÜLLER.example ") == "office@xn--mller-kva.example"


@given(st.text(max_size=40))
def test_a_canonical_address_is_stable_and_on_one_line(raw: str) -> None:
    try:
        address = canonical_address(raw)
    except MailRefused:
        return
    assert canonical_address(address) == address
    assert address.isascii() and address.isprintable() and " " not in address


def test_a_message_id_follows_from_customer_and_key() -> None:
    one, other = UUID(int=1), UUID(int=2)
    assert message_id(sender=one, key="k", domain="d") == message_id(sender=one, key="k", domain="d")
    assert len({message_id(sender=who, key=key, domain="d") for who in (one, other) for key in "kl"}) == 4


def test_pauses_grow_to_a_quarter_of_an_hour_and_go_on_for_five_days_at_least() -> None:
    assert pause_after(1) == FIRST_PAUSE
    pauses = [pause_after(attempts) for attempts in range(1, 60)]
    assert pauses == sorted(pauses) and pauses[-1] == LONGEST_PAUSE == timedelta(minutes=15)
    assert timedelta(days=5) <= GIVEN_UP_AFTER


def test_an_answer_is_kept_without_addresses() -> None:
    assert answer_words(550, b"5.1.1 <ann@example.org>\r\n no such user") == "550 5.1.1 … no such user"
