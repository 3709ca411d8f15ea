"""How often, how long, and what a manifest says: decided without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.agreements import NOON

from parley.agreement.api import end_instants, load
from parley.backups import rules
from parley.backups.errors import BackupDamaged
from parley.backups.manifest import Contents, Named, read, written
from parley.backups.types import Promise

SOMEBODY = UUID("01a206ed-5d8c-754c-891d-d225b1da3395")
MOMENTS = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2060, 1, 1), timezones=st.just(UTC))


def test_the_public_cloud_promises_four_hours_and_a_day() -> None:
    promise = rules.promise_of(load("ucx-terms"))
    assert (promise.rto, promise.rpo) == (timedelta(hours=4), timedelta(hours=24))
    assert promise.clauses == ("UX-5.public-rto",)


def test_an_agreement_without_figures_gets_our_rhythm() -> None:
    promise = rules.promise_of(load("imagicle-dpa"))
    assert promise == Promise()
    assert rules.interval_of(promise) < rules.UNPROMISED_RPO


def test_a_term_of_minutes_is_followed_where_it_binds() -> None:
    assert rules.interval_of(Promise(rpo=timedelta(minutes=5))) == timedelta(minutes=4, seconds=30)


def test_a_backup_never_outlives_the_destruction() -> None:
    agreement = load("ucx-terms")
    keep = timedelta(days=3650)
    until = rules.expiry(agreement, taken=NOON, keep=keep, ended_at=NOON, zone="UTC")
    assert until < NOON + keep
    assert rules.expiry(agreement, taken=NOON, keep=keep, ended_at=None, zone="UTC") == NOON + keep
    short = timedelta(days=1)
    assert rules.expiry(agreement, taken=NOON, keep=short, ended_at=NOON, zone="UTC") == NOON + short


def test_the_final_backup_lives_until_nothing_may_be_left() -> None:
    agreement, keep = load("ucx-terms"), timedelta(days=1)
    until = rules.expiry(agreement, taken=NOON, keep=keep, ended_at=NOON, zone="UTC", final=True)
    assert until == end_instants(agreement.terms.end, NOON, zone="UTC").destroy > NOON + keep


@given(at=MOMENTS, minutes=st.integers(1, 60 * 24 * 40), of=st.uuids())
def test_the_next_slot_begins_within_one_interval_and_is_stable(at: datetime, minutes: int, of: UUID) -> None:
    every = timedelta(minutes=minutes)
    number, begins = rules.slot(at, every=every, of=of)
    assert at < begins <= at + every
    assert rules.slot(begins - timedelta(microseconds=1), every=every, of=of) == (number, begins)
    assert rules.slot(begins, every=every, of=of) == (number + 1, begins + every)


CONTENTS = Contents(
    customer=str(SOMEBODY), backup=str(SOMEBODY), taken_at=NOON, version="migrations 1", parley="1",
    dump_sha256="0" * 64, entries=7, root="1" * 64, tables={"a": 1, "b": 0},
)  # fmt: skip


@given(
    objects=st.lists(
        st.builds(Named, key=st.from_regex(r"[a-z0-9/._-]{1,40}", fullmatch=True), size=st.integers(0, 1 << 50),
                  sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
        unique_by=lambda one: one.key, max_size=30,
    ),
    cut=st.integers(1, 97),
)  # fmt: skip
def test_a_manifest_reads_back_in_pieces_of_any_size(objects: list[Named], cut: int) -> None:
    whole = b"".join(written(CONTENTS, objects))
    contents, found = read(whole[start : start + cut] for start in range(0, len(whole), cut))
    assert contents == CONTENTS
    assert found == {one.key: one for one in objects}


@pytest.mark.parametrize(
    "broken",
    [b"", b"{}\n", b"nothing\n", b'{"format": 2}\n', b"".join(written(CONTENTS, []))[:-1],
     b"".join(written(CONTENTS, [])) + b"only-a-hash\n"],
)  # fmt: skip
def test_a_broken_manifest_is_refused(broken: bytes) -> None:
    with pytest.raises(BackupDamaged):
        read([broken])
