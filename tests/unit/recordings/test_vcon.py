"""A vCon is what the working group's own schema says, with its sound and without."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest

from parley.recordings.types import Party
from parley.recordings.vcon import Facts, vcon

SCHEMA = json.loads((Path(__file__).parents[2] / "vectors" / "vcon" / "unsigned-vcon.schema.json").read_bytes())
CHECK = jsonschema_rs.Draft7Validator(SCHEMA, validate_formats=True)
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PARTIES = (
    Party(label="1", role="caller", name="Ada Quillfeather", aor="sip:ada@pbx", number="+390584943232"),
    Party(label="2", role="callee"),
    Party(label="3", role="other", number="+390501112233"),
)


def made(sound: Iterable[bytes] | None, *, channels: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    facts = Facts(
        id=UUID("01a207b3-1c44-7708-ba63-8a596d6ea135"), created_at=AT, started_at=AT, seconds=61.25, parties=PARTIES,
        channels=channels,
    )  # fmt: skip
    return json.loads(b"".join(vcon(facts, sound, filename="call.mp3")))


@pytest.mark.parametrize("channels", [((0,), (1,)), ((0, 2), (1,)), ((0,), ()), ((), ())])
@pytest.mark.parametrize("sound", [None, [], [b"ID3", b"\x00" * 100]], ids=["none", "empty", "some"])
def test_it_fits_the_schema(sound: list[bytes] | None, channels: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    CHECK.validate(made(sound, channels=channels))


def test_the_schema_refuses_what_is_no_vcon() -> None:
    good = made([b"x"], channels=((0,), (1,)))
    for wrong in ({"vcon": "0.3.0"}, {"uuid": 7}, {"created_at": 7}, {"dialog": [{"type": "recording"}]}):
        assert not CHECK.is_valid(good | wrong)
