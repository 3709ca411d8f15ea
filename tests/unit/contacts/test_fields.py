"""Hostile and odd values: refused with their field named, or kept as people write them."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.contacts.errors import ContactRefused
from parley.contacts.fields import check, from_bytes, to_bytes
from parley.contacts.tokens import LONGEST_PATH, Tokeniser, key_pad
from parley.contacts.types import Address, NewContact, Number
from parley.foundation.words import fold, words_of

TOKENISER = Tokeniser(key=b"k" * 32, number_key=b"n" * 32, email_key=b"e" * 32)
HUGE = "x" * 10_000_000


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewContact(given="Bell\x07"), "given"),
        (NewContact(family="half \ud83d"), "family"),
        (NewContact(company=HUGE), "company"),
        (NewContact(family="x", notes=HUGE), "notes"),
        (NewContact(family="x", notes="zero\x00"), "notes"),
        (NewContact(family="x", custom={"hobby": HUGE}), "custom.hobby"),
        (NewContact(family="x", addresses=(Address(city="\x1b[2J"),)), "addresses"),
        (NewContact(numbers=(Number(value="none"),)), "numbers"),
        (NewContact(numbers=(Number(value="9" * 100),)), "numbers"),
        (NewContact(numbers=(Number(value="1", kind="brain"),)), "numbers"),  # type: ignore[arg-type]
        (NewContact(numbers=tuple(Number(value=f"+39058494{n:04}") for n in range(21))), "numbers"),
        (NewContact(emails=("not an address",)), "emails"),
        (NewContact(emails=("a@b@c",)), "emails"),
        (NewContact(emails=("a@b\nBcc: c@d",)), "emails"),
        (NewContact(family="x", birthday=date(1066, 10, 14)), "birthday"),
        (NewContact(family="x", keep_until=datetime(2026, 1, 1)), "keep_until"),
        (NewContact(family="x", citizenship="Italy"), "citizenship"),
        (NewContact(given=7), "given"),  # type: ignore[arg-type]
        (NewContact(notes="only notes"), "family"),
        (NewContact(), "family"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(new: NewContact, field: str) -> None:
    with pytest.raises(ContactRefused) as refused:
        check(new)
    assert refused.value.field == field
    assert len(str(refused.value)) < 400


def test_right_to_left_text_is_kept_and_overrides_are_dropped() -> None:
    kept = check(NewContact(given="ليلى", family="\u202eכהן\u202c", company="شركة"))
    assert (kept.given, kept.family, kept.company) == ("ليلى", "כהן", "شركة")
    found = TOKENISER.of(kept)
    assert found.lexemes == {f"n{TOKENISER.path(word)}" for word in ("ليلى", "כהן", "شركة")}


def test_text_is_composed_and_trimmed() -> None:
    kept = check(NewContact(given=" Zoe\u0308 ", family="O'Brien-Łukasz", notes="one\r\ntwo\t3"))
    assert (kept.given, kept.family, kept.notes) == ("Zoë", "O'Brien-Łukasz", "one\ntwo\t3")


def test_words_are_folded_as_people_type_them() -> None:
    assert fold("MÜLLER Weiß") == "muller weiss"
    assert words_of("O'Brien-Łukasz, 3com_x") == ["o", "brien", "łukasz", "3com", "x"]
    assert key_pad("giovanni") == "44682664"
    assert key_pad("ליל") == ""


def test_numbers_are_canonical_and_each_once() -> None:
    given = (Number(value="0584 943232"), Number(value="+390584943232", kind="home"), Number(value="4077"))
    kept = check(NewContact(numbers=given), region="IT")
    assert kept.numbers[0] == Number(value="+390584943232")
    assert len(kept.numbers) == 2


TEXT = st.text(max_size=40)


@given(
    given_name=TEXT, family=TEXT, company=TEXT, notes=TEXT, number=TEXT, email=TEXT,
    custom=st.dictionaries(TEXT, TEXT, max_size=3), minor=st.booleans(),
)  # fmt: skip
def test_whatever_is_given_is_refused_or_comes_back_the_same(
    given_name: str, family: str, company: str, notes: str, number: str, email: str, custom: dict[str, str], minor: bool
) -> None:
    new = NewContact(
        given=given_name, family=family, company=company, notes=notes, numbers=(Number(value=number),),
        emails=(email,), custom=custom, minor=minor,
    )  # fmt: skip
    try:
        kept = check(new)
    except ContactRefused as refused:
        assert refused.field
        return
    assert check(kept) == kept
    assert from_bytes(to_bytes(kept), minor=minor) == kept
    tokens = TOKENISER.of(kept)
    assert all(-(2**63) <= token < 2**63 for token in tokens.addresses)
    assert all(one.isascii() and one.isalnum() for one in tokens.lexemes)


def test_tokens_of_two_customers_have_nothing_in_common() -> None:
    other = Tokeniser(key=b"K" * 32, number_key=b"N" * 32, email_key=b"E" * 32)
    new = check(
        NewContact(
            given="Anna", family="Bianchi", emails=("office@verdi.example",), numbers=(Number(value="+390584943232"),)
        )
    )
    ours, theirs = TOKENISER.of(new), other.of(new)
    assert not set(ours.addresses) & set(theirs.addresses)
    assert not ours.lexemes & theirs.lexemes


def alike(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    return sum(1 for cut in range(1, min(len(one), len(other)) + 1) if one[:cut] == other[:cut])


WORDS = st.text(st.sampled_from("abcxyz019äł李"), min_size=1, max_size=14)


@given(WORDS, WORDS)
def test_words_that_begin_alike_have_paths_that_begin_alike_as_far_and_no_further(one: str, other: str) -> None:
    ours, theirs = TOKENISER.path(one), TOKENISER.path(other)
    assert (ours == theirs) == (one == other)
    for cut in range(1, min(len(one), LONGEST_PATH) + 1):
        assert theirs.startswith(TOKENISER.beginning(one[:cut])) == (cut <= alike(one, other))


@given(st.from_regex("[0-9]{1,12}", fullmatch=True), st.from_regex("[0-9]{1,12}", fullmatch=True))
def test_digits_are_permuted_anew_behind_each_beginning(one: str, other: str) -> None:
    ours, theirs = TOKENISER.digits("h", one), TOKENISER.digits("h", other)
    assert alike(ours, theirs) >= alike(one, other)
    assert (ours == theirs) == (one == other)
    assert {TOKENISER.digits("h", one[:-1] + last)[-1] for last in "0123456789"} == set("0123456789")
