"""The demo caller's offers under Parley's own readers: two readings of RFC 7865 and 7866 that agree."""

from datetime import UTC, datetime

import pytest

from parley.project.demo.dialogues import to_mulaw
from parley.project.demo.scenario import CUSTOMERS, SCRIPTS
from parley.project.demo.siprec_offer import (
    CONTENT_TYPE,
    Party,
    RecordedSession,
    Voice,
    answered_address,
    answered_ports,
    body,
)
from parley.wire.sdp.api import Origin, build, is_held, parse
from parley.wire.siprec.api import MEDIA_TYPES, parse_metadata, split_body

PARTIES = (Party(name='Ana "Ä" <Öz> & Sons', number="+12125550100"), Party(name="Ben", number="+442079460100"))
VOICES = (
    Voice(label="1", speaker=0, codec="PCMA", port=20000),
    Voice(label="2", speaker=1, codec="PCMU", port=20002),
)


def offer(held: bool) -> tuple[bytes, bytes]:
    session = RecordedSession(parties=PARTIES, started_at=datetime(2026, 11, 22, tzinfo=UTC), group_id="Z3JvdXA=")
    content = body(address="127.0.0.11", session=session, voices=VOICES, version=1, held=held)
    parts = {part.media_type: part.content for part in split_body(content_type=CONTENT_TYPE, body=content)}
    return parts["application/sdp"], next(parts[kind] for kind in MEDIA_TYPES if kind in parts)


def test_parties_group_and_speakers_are_understood():
    metadata = parse_metadata(offer(held=False)[1])
    assert metadata.conversation == "Z3JvdXA="
    for voice, party in zip(VOICES, PARTIES, strict=True):
        sender = metadata.sender(voice.label)
        assert sender is not None
        assert (sender.names[0].display, sender.names[0].aor) == (party.name, party.aor)


@pytest.mark.parametrize("held", [False, True])
def test_lines_ports_and_hold_are_understood_and_so_is_the_answer(held):
    description = parse(offer(held)[0])
    assert [(media.port, media.label, is_held(media)) for media in description.media] == [
        (20000, "1", held),
        (20002, "2", held),
    ]
    answer = build(offer=description, ports={0: 30000, 1: 30002}, origin=Origin(1, 1, "127.0.0.1"))
    assert answered_ports(answer) == (30000, 30002)
    assert answered_address(answer) == "127.0.0.1"


def test_mulaw_is_what_the_standard_says():
    # G.711: the same extremes, zero and sign in both laws; steps differ by less than one A-law interval.
    assert to_mulaw(b"\xd5\x55\xaa\x2a") == bytes((0xFE, 0x7E, 0x80, 0x00))


def test_the_scenario_holds_together():
    people = {person.number: customer.handle for customer in CUSTOMERS for person in customer.people if person.number}
    keys = [script.key for script in SCRIPTS]
    assert len(set(keys)) == len(keys)
    for script in SCRIPTS:
        assert people[script.callee.number] == script.customer
        assert not script.after or script.after in keys
    assert len({customer.sbc_address for customer in CUSTOMERS}) == len(CUSTOMERS)
