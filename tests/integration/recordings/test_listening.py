"""Reasons for listening: nothing leaves without one where the rule asks; sealed words, a proved kind, gone with it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from tests.integration.recordings.conftest import Place, Somebody
from tests.integration.recordings.test_finalize import details_of, ledgered

from parley.recordings.api import (
    STORE,
    NoSuchRecording,
    ReasonRefused,
    ReasonRequired,
    give_reason,
    listening_rule,
    part,
    reason_holds,
    rendition,
    set_listening_rule,
    using_store,
)
from parley.recordings.models import ListeningReason

WORDS = "Zebedee says that the date was misheard"


def test_nothing_leaves_without_a_reason_where_the_rule_asks_for_one(place: Place, everybody: Somebody) -> None:
    recording = place.recorded()
    place.render()
    now, me = datetime.now(UTC), everybody.user_id
    assert listening_rule() == "off"
    for rule in ("optional", "required"):
        part(everybody, recording, "000.age", store=place.store).close()
        set_listening_rule(rule, by=me, at=datetime.now(UTC))
    for kind in ("mp3", "wav", "peaks"):
        with pytest.raises(ReasonRequired):
            rendition(everybody, recording, kind, store=place.store)
    with pytest.raises(ReasonRequired):
        part(everybody, recording, "000.age", store=place.store)

    give_reason(everybody, recording, code="other", text=WORDS, by=me, at=now)
    part(everybody, recording, "000.age", store=place.store).close()
    rendition(everybody, recording, "mp3", store=place.store).close()
    assert reason_holds(recording, by=me, at=now + timedelta(hours=7, minutes=59))
    assert not reason_holds(recording, by=me, at=now + timedelta(hours=8, minutes=1))
    with pytest.raises(ReasonRequired):
        part(Somebody(), recording, "000.age", store=place.store)
    with pytest.raises(ReasonRequired):
        part(everybody, place.recorded(), "000.age", store=place.store)


def test_the_words_are_sealed_and_go_with_the_recording(place: Place, everybody: Somebody) -> None:
    recording, now = place.recorded(), datetime.now(UTC)
    give_reason(everybody, recording, code="complaint", text=WORDS, by=everybody.user_id, at=now)
    row = ListeningReason.objects.get()
    assert row.sealed is not None and b"Zebedee" not in bytes(row.sealed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(details::text, '') FROM ledger_detail")
        assert "Zebedee" not in str(cursor.fetchone()[0])
    assert ledgered() == {"recording.sealed": 1, "recording.reason": 1}
    assert details_of("recording.reason")["reason"] == "complaint"
    assert STORE.present([recording]) == {recording}
    with using_store(place.store), transaction.atomic():
        STORE.erase([recording])
        assert STORE.present([recording]) == frozenset()
    assert not ListeningReason.objects.exists()


def test_a_reason_is_of_the_list_and_for_what_one_may_see(place: Place, everybody: Somebody) -> None:
    recording, now = place.recorded(), datetime.now(UTC)
    stranger = Somebody(role="user", number_indexes=frozenset({b"x" * 17}))
    with pytest.raises(NoSuchRecording):
        give_reason(stranger, recording, code="quality", by=stranger.user_id, at=now)
    for code, text in (("because", ""), ("other", " "), ("quality", "x" * 501)):
        with pytest.raises(ReasonRefused):
            give_reason(everybody, recording, code=code, text=text, by=everybody.user_id, at=now)
    with pytest.raises(ReasonRefused):
        set_listening_rule("sometimes", by=everybody.user_id, at=now)
