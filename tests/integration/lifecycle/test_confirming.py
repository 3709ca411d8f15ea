"""Confirming the end by the public link: the code that goes to the contract's addresses, and nothing less."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.departures import letters, move
from tests.support.installation import MakeCustomer

from parley.governance.contract import api as contract
from parley.lifecycle import api as lifecycle
from parley.lifecycle.confirming import CODE_LIVES, CODE_TRIES, CODES_A_DAY
from parley.lifecycle.models import Code
from parley.tenancy import api as tenancy

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def leaving(make_customer: MakeCustomer) -> lifecycle.DepartureView:
    customer = make_customer(agreement="kavkom-dpa")
    with tenancy.scope(customer):
        contract.set_notice_addresses([f"privacy@{customer.handle}.example"], by="test", at=NOW)
        lifecycle.end(at=NOW, by="test", ends_at=None, choice="delete", reason="")
    found = lifecycle.departure_of(customer.id)
    assert found is not None
    move(NOW)
    return found


def sent(departure: lifecycle.DepartureView, *, at: datetime) -> str:
    """A code is sent; as it stands in the letter."""
    assert lifecycle.send_code(departure.id, at=at) == at + CODE_LIVES
    (code,) = re.findall(r"\b\d{6}\b", letters(departure.id)[-1][1])
    return str(code)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def confirmed(departure: lifecycle.DepartureView) -> bool:
    return lifecycle.departure(departure.id).confirmed_at is not None


def test_codes_are_few_short_lived_and_not_guessed(leaving: lifecycle.DepartureView) -> None:
    def refused(code: str, *, at: datetime) -> None:
        with pytest.raises(lifecycle.CodeRefused, match="not right, or it is too old, or was tried too often"):
            lifecycle.confirm_by_code(leaving.id, code, at=at)
        assert not confirmed(leaving)

    refused("000000", at=NOW)  # none was sent
    worn = sent(leaving, at=NOW)
    for _ in range(CODE_TRIES):
        refused(wrong(worn), at=NOW + MINUTE)
    refused(worn, at=NOW + MINUTE)
    old = sent(leaving, at=NOW)
    refused(old, at=NOW + CODE_LIVES)
    former, newest = sent(leaving, at=NOW), sent(leaving, at=NOW)
    if former != newest:
        refused(former, at=NOW)
    refused("１２３４５６", at=NOW)  # digits of another script are no digits of a code
    stored = bytes(Code.objects.latest("made_at", "id").digest)
    assert newest.encode() not in stored
    for _ in range(CODES_A_DAY - 4):
        sent(leaving, at=NOW)
    with pytest.raises(lifecycle.CodeRefused, match="too many codes") as told:
        lifecycle.send_code(leaving.id, at=NOW + DAY - MINUTE)
    assert "tomorrow" in told.value.remedy


def test_the_right_code_confirms_once_and_says_so_in_the_log(leaving: lifecycle.DepartureView) -> None:
    later = NOW + 2 * DAY
    code = sent(leaving, at=later)
    lifecycle.confirm_by_code(leaving.id, f" {code[:3]} {code[3:]} ", at=later + MINUTE)
    found = lifecycle.departure(leaving.id)
    assert found.confirmed_at == later + MINUTE
    for again in (lambda: lifecycle.confirm_by_code(leaving.id, code, at=later + MINUTE),
                  lambda: lifecycle.send_code(leaving.id, at=later + MINUTE)):  # fmt: skip
        with pytest.raises(lifecycle.DepartureRefused, match="confirmed before"):
            again()
    move(later + 2 * MINUTE)
    move(later + DAY)
    assert lifecycle.departure(leaving.id).state == "certified"
    move(later + 200 * DAY)
    assert not Code.objects.filter(departure_id=leaving.id).exists()


def test_without_an_address_no_code_is_pretended(make_customer: MakeCustomer) -> None:
    customer = make_customer(agreement="kavkom-dpa")
    with tenancy.scope(customer):
        lifecycle.end(at=NOW, by="test", ends_at=None, choice="delete", reason="")
    found = lifecycle.departure_of(customer.id)
    assert found is not None
    with pytest.raises(lifecycle.CodeRefused, match="names no address"):
        lifecycle.send_code(found.id, at=NOW)
