"""Entries: one encoding, a commitment that tells nothing, and what cannot be an entry."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.ledger.entries import BadEntry, instant, seal
from parley.ledger.verifier import canonical, parse_canonical

ID = UUID("018f0000-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 22, 22, 23, 20, 123456, tzinfo=UTC)
GOOD = {"entry_id": ID, "at": AT, "kind": "recording.sealed", "clause": "imagicle-dpa IM-3c.security", "details": {}}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_.:", max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_a_value_has_one_encoding(value):
    encoded = canonical(value)
    assert parse_canonical(encoded) == value
    assert json.loads(encoded) == value
    for respelled in (encoded + b" ", b" " + encoded, json.dumps(value, indent=1).encode() + b"\n"):
        with pytest.raises(ValueError, match="canonical"):
            parse_canonical(respelled)


@pytest.mark.parametrize(
    "text",
    [
        b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1.0}', b'{"a":1e3}', b'{"a":-0}', b'"\\u0041"', b'"\\/"',
        b"[1,]", b"NaN", b"Infinity", b"9007199254740992", b"\xef\xbb\xbf1", b'"\xff"', b'"\\ud800"', b'{"\xc3\xa9":1}',
        b"[" * 40 + b"]" * 40, b"[" * 100_000,
    ],
)  # fmt: skip
def test_other_spellings_are_refused(text):
    with pytest.raises(ValueError, match="canonical"):
        parse_canonical(text)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.from_regex(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+", fullmatch=True).filter(lambda kind: len(kind) <= 64),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]*", fullmatch=True).filter(lambda clause: len(clause) <= 128),
)
def test_a_leaf_is_the_canonical_form_of_its_facts(at, kind, clause):
    entry, _, _ = seal(entry_id=ID, at=at, kind=kind, clause=clause, details={"a": 1})
    assert entry.leaf() == canonical(entry.facts())


def test_an_instant_is_in_utc_to_the_microsecond():
    rome = timezone(timedelta(hours=1))
    assert instant(AT.astimezone(rome)) == instant(AT) == "2026-11-22T22:23:20.123456Z"
    assert instant(AT.replace(microsecond=0)) == "2026-11-22T22:23:20.000000Z"


def test_the_commitment_is_salted_and_repeatable():
    first, salt, encoded = seal(**GOOD | {"details": {"b": 1, "a": "è"}})
    assert encoded == '{"a":"è","b":1}'.encode()
    assert first.commitment == hashlib.sha256(salt + encoded).digest()
    second, other, _ = seal(**GOOD | {"details": {"b": 1, "a": "è"}})
    assert len(salt) == len(other) == 32
    assert salt != other
    assert first.commitment != second.commitment
    assert b"\xc3\xa8" not in first.leaf()


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": AT.replace(tzinfo=None)},
        {"kind": "recording"},
        {"kind": "Recording.sealed"},
        {"kind": 'recording."'},
        {"kind": "a." + "b" * 63},
        {"clause": ""},
        {"clause": 'IM"3'},
        {"clause": "IM\n3"},
        {"clause": "x" * 129},
        {"details": {"share": 0.5}},
        {"details": {"raw": b"bytes"}},
        {"details": {"é": 1}},
        {"details": {1: 1}},
        {"details": {"big": 2**53}},
        {"details": {"lone": "\ud800"}},
        {"details": {"long": "x" * 65536}},
    ],
)
def test_what_cannot_be_an_entry(wrong):
    with pytest.raises(BadEntry):
        seal(**GOOD | wrong)
