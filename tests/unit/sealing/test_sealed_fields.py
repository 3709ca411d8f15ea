"""Small sealed fields and blind indexes."""

import hmac
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.sealing import fields
from parley.sealing.api import (
    FieldOpener,
    FieldSealer,
    NoIdentityMatchesError,
    PayloadError,
    blind_index,
    epoch_of,
    generate_identity,
    seal_bytes,
)

IDENTITY = generate_identity()
NOW = 1_800_000_000.0


@pytest.fixture
def sealer() -> FieldSealer:
    return FieldSealer([IDENTITY.recipient, generate_identity().recipient])


@pytest.fixture
def opener() -> FieldOpener:
    return FieldOpener([IDENTITY.secret])


@given(value=st.binary(max_size=300), aad=st.binary(max_size=40))
def test_a_field_comes_back_at_its_own_place_only(value: bytes, aad: bytes) -> None:
    sealed = SEALER.seal(value, aad=aad, now=NOW)
    assert OPENER.open(sealed, aad) == value
    assert OPENER.open_column(sealed.data, wrapped=sealed.wrapped, aad=aad) == value
    with pytest.raises(PayloadError):
        OPENER.open(sealed, aad + b"x")


SEALER = FieldSealer([IDENTITY.recipient])
OPENER = FieldOpener([IDENTITY])


@given(place=st.integers(0, 55), mask=st.integers(1, 255))
def test_any_changed_byte_of_a_field_is_found(place: int, mask: int) -> None:
    sealed = SEALER.seal(b"conversation", aad=b"row", now=NOW)
    data = bytearray(sealed.data)
    data[place] ^= mask
    with pytest.raises(PayloadError):
        OPENER.open_column(bytes(data), wrapped=sealed.wrapped, aad=b"row")


def test_one_key_for_an_epoch_and_a_new_one_after_it(sealer: FieldSealer, opener: FieldOpener) -> None:
    first = sealer.seal(b"one", aad=b"", now=NOW)
    same = sealer.seal(b"one", aad=b"", now=NOW + 3599)
    later = sealer.seal(b"one", aad=b"", now=NOW + 3600)
    earlier = sealer.seal(b"one", aad=b"", now=NOW)  # the clock was set back: never the old key again
    assert (first.epoch_id, first.wrapped) == (same.epoch_id, same.wrapped)
    assert first.data != same.data
    assert len({first.epoch_id, later.epoch_id, earlier.epoch_id}) == 3
    assert epoch_of(later.data) == later.epoch_id
    assert [opener.open(each, b"") for each in (earlier, first, later, same)] == [b"one"] * 4


def test_the_key_is_forgotten_when_its_epoch_is_over(sealer: FieldSealer) -> None:
    first = sealer.seal(b"one", aad=b"", now=NOW)
    sealer.forget(now=NOW + 10)
    assert sealer.seal(b"one", aad=b"", now=NOW + 20).epoch_id == first.epoch_id
    sealer.forget(now=NOW + 3600)
    assert sealer._epoch is None
    sealer.forget(now=NOW + 3600)


def test_a_key_is_not_used_too_often(sealer: FieldSealer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_MAXIMUM_SEALS", 2)
    epochs = [sealer.seal(b"one", aad=b"", now=NOW).epoch_id for _ in range(5)]
    assert len(set(epochs)) == 3


def test_the_opener_keeps_a_bounded_number_of_keys(opener: FieldOpener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_KEPT_EPOCHS", 2)
    sealed = [FieldSealer([IDENTITY.recipient]).seal(b"one", aad=b"", now=NOW) for _ in range(4)]
    assert [opener.open(each, b"") for each in sealed + sealed] == [b"one"] * 8
    assert len(opener._ciphers) == 2


def test_a_wrapped_key_cannot_serve_another_epoch(sealer: FieldSealer, opener: FieldOpener) -> None:
    first = sealer.seal(b"one", aad=b"", now=NOW)
    second = sealer.seal(b"two", aad=b"", now=NOW + 4000)
    with pytest.raises(PayloadError, match="another epoch"):
        opener.open(replace(first, wrapped=second.wrapped), b"")
    with pytest.raises(PayloadError, match="another epoch"):
        opener.open(replace(first, epoch_id=second.epoch_id), b"")
    with pytest.raises(PayloadError):
        opener.open(replace(first, wrapped=seal_bytes(b"short", [IDENTITY.recipient])), b"")


def test_only_a_recipient_opens(sealer: FieldSealer) -> None:
    with pytest.raises(NoIdentityMatchesError):
        FieldOpener([generate_identity()]).open(sealer.seal(b"one", aad=b"", now=NOW), b"")


def test_what_is_too_short_was_never_sealed() -> None:
    with pytest.raises(PayloadError):
        epoch_of(bytes(43))


def test_nothing_of_a_field_is_printed(sealer: FieldSealer) -> None:
    sealed = sealer.seal(b"one", aad=b"", now=NOW)
    assert repr(sealed) == f"SealedField(epoch_id={sealed.epoch_id!r})"


def test_a_blind_index_is_keyed_by_customer_and_field() -> None:
    key = os.urandom(32)
    index = blind_index(key, field="number", value="+390584943232")
    assert index == blind_index(key, field="number", value="+390584943232")
    assert index == b"\x01" + hmac.digest(key, b"\x00\x06number+390584943232", "sha256")[:16]
    others = [
        blind_index(key, field="number", value="+390584943233"),
        blind_index(key, field="numbe", value="r+390584943232"),
        blind_index(os.urandom(32), field="number", value="+390584943232"),
    ]
    assert len({index, *others}) == 4
    with pytest.raises(ValueError, match="32 bytes"):
        blind_index(b"short", field="number", value="")
