"""The spool's files are read back exactly, and nothing else is accepted."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from parley.recordings.strictjson import MalformedFile
from parley.recordings.types import (
    ClosedFile,
    ClosedPart,
    ClosedStream,
    EpochKey,
    Gap,
    GateRecord,
    Manifest,
    ManifestStream,
    Party,
    PartySheet,
    PayloadType,
)

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def manifest() -> Manifest:
    return Manifest(
        recording_id=UUID(int=1),
        customer_id=UUID(int=2),
        trunk_id=UUID(int=3),
        trunk_name="main",
        agreement="imagicle-dpa",
        agreement_version="2024-05",
        decision=GateRecord(clause="IM-1.purpose", purpose="call-recording", reason="instructed"),
        started_at=NOON,
        direction="inbound",
        conversation_index=b"\x01" + bytes(16),
        epoch=EpochKey(id=UUID(int=4), wrapped=b"age"),
        sealed=b"sealed",
        number_indexes=(b"\x01\xff", b"\x01\xfe"),
        streams=(
            ManifestStream(label="1", side="caller", port=30000, codec="PCMU", party=0),
            ManifestStream(
                label="2", side="callee", port=30002, codec="PCMA", payload_types=(PayloadType(number=101, name="CN"),)
            ),
        ),
    )


def closed() -> ClosedFile:
    return ClosedFile(
        recording_id=UUID(int=1),
        reason="bye",
        ended_at=NOON,
        parts=(ClosedPart(name="000.age", kind="age", size=12, sha256="0" * 64),),
        streams=(ClosedStream(label="1", port=30000, packets=10, bytes=1600),),
        gaps=(Gap(starts_ns=1, ends_ns=2, reason="recorder-restart"),),
    )


def test_a_manifest_survives_its_file() -> None:
    assert Manifest.from_json(manifest().to_json()) == manifest()
    assert manifest().as_dict()["number_indexes"] == ["01ff", "01fe"]


def test_a_closed_file_survives_its_file() -> None:
    assert ClosedFile.from_json(closed().to_json()) == closed()


def test_a_party_sheet_survives_sealing() -> None:
    sheet = PartySheet(parties=(Party(label="1", role="caller", name="Zoë", number="+39050"),), call_id="x@y")
    assert PartySheet.from_json(sheet.to_json()) == sheet


def test_a_stream_added_later_replaces_the_one_on_its_port() -> None:
    added = ManifestStream(label="9", side="callee", port=30002, codec="PCMU")
    assert [stream.label for stream in manifest().with_streams(added).streams] == ["1", "9"]


@pytest.mark.parametrize("length", [0, 1, 50, -1])
def test_a_torn_manifest_is_refused(length: int) -> None:
    with pytest.raises(MalformedFile):
        Manifest.from_json(manifest().to_json()[:length])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recording_id", "not-a-uuid"),
        ("started_at", "2026-11-22T12:00:00"),
        ("direction", "sideways"),
        ("number_indexes", ["zz"]),
        ("number_indexes", "00"),
        ("sealed", "!!"),
        ("streams", [{"label": "1"}]),
        ("streams", [{"label": "1", "side": "caller", "port": 0, "codec": "PCMU"}]),
        ("streams", [{"label": "1", "side": "caller", "port": True, "codec": "PCMU"}]),
        ("decision", None),
        ("version", 3),
        ("surprise", 1),
    ],
)
def test_a_wrong_field_is_refused_by_name_without_its_value(field: str, value: object) -> None:
    content = json.loads(manifest().to_json())
    content[field] = value
    with pytest.raises(MalformedFile) as raised:
        Manifest.from_json(json.dumps(content))
    assert str(value) not in str(raised.value) or str(value) in ("1", "2", "None", "00")


@pytest.mark.parametrize("name", ["../000.age", "000.tail", "0.age", "000.age\n"])
def test_a_part_cannot_name_another_file(name: str) -> None:
    with pytest.raises(ValueError, match="part"):
        ClosedPart(name=name, kind="age", size=1, sha256="0" * 64)
