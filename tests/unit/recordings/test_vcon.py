"""A vCon is what the working group's own schema says, with its sound and without."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import pytest

from parley.recordings.awareness import Awareness
from parley.recordings.types import Party, Told
from parley.recordings.vcon import AWARENESS, Facts, vcon

SCHEMA = json.loads((Path(__file__).parents[2] / "vectors" / "vcon" / "unsigned-vcon.schema.json").read_bytes())
CHECK = jsonschema_rs.Draft7Validator(SCHEMA, validate_formats=True)
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PARTIES = (
    Party(label="1", role="caller", name="Ada Quillfeather", aor="sip:ada@pbx", number="+390584943232"),
    Party(label="2", role="callee"),
    Party(label="3", role="other", number="+390501112233"),
)


FACTS = Facts(
    id=UUID("01a207b3-1c44-7708-ba63-8a596d6ea135"), created_at=AT, started_at=AT, seconds=61.25, parties=PARTIES,
    channels=((0,), (1,)), organisation="Quill Ltd",
    awareness=Awareness(notice_wanted="none", consent_rule="not-needed"),
)  # fmt: skip


def made(sound: Iterable[bytes] | None, **given: Any) -> Any:
    return json.loads(b"".join(vcon(replace(FACTS, **given), sound, filename="call.mp3")))


@pytest.mark.parametrize("channels", [((0,), (1,)), ((0, 2), (1,)), ((0,), ()), ((), ())])
@pytest.mark.parametrize("sound", [None, [], [b"ID3", b"\x00" * 100]], ids=["none", "empty", "some"])
def test_it_fits_the_schema(sound: list[bytes] | None, channels: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    CHECK.validate(made(sound, channels=channels))


@pytest.mark.parametrize("sound", [None, [b"ID3"]], ids=["no sound", "sound"])
def test_what_was_said_of_consent_is_attached_without_naming_whose_it_is(sound: list[bytes] | None) -> None:
    assert made(sound)["attachments"] == [] and len(made(sound)["parties"]) == len(PARTIES)
    somebody, later = uuid4(), AT + timedelta(seconds=5)
    told = (
        Told(about="notice", value="tone", how="header", at=AT),
        Told(about="consent", value="given", how="page", at=AT, by=somebody),
        Told(about="consent", value="withdrawn", how="program", at=later, by=somebody),
    )
    found = made(sound, awareness=Awareness(notice_wanted="announcement", consent_rule="needed", told=told))
    CHECK.validate(found)
    (attachment,) = found["attachments"]
    assert found["parties"][attachment["party"]] == {"type": "organization", "org": "Quill Ltd"}
    assert found["dialog"][attachment["dialog"]]["start"] == AT.isoformat()
    assert (attachment["purpose"], attachment["start"]) == (AWARENESS, later.isoformat())
    assert attachment["body"]["announcement"] == {"wanted": "announcement", "state": "tone"}
    assert attachment["body"]["consent"] == {"wanted": "needed", "status": "revoked"}
    assert [(one["of"], one["value"], one["known_from"]) for one in attachment["body"]["said"]] == [
        ("announcement", "tone", "header"), ("consent", "granted", "page"), ("consent", "revoked", "program"),
    ]  # fmt: skip
    assert str(somebody) not in json.dumps(found)
    wanted = made(sound, awareness=Awareness(notice_wanted="tone", consent_rule="not-needed"))["attachments"]
    assert wanted[0]["body"] == {
        "announcement": {"wanted": "tone", "state": "not-known"},
        "consent": {"wanted": "not-needed", "status": "not-asked"}, "said": [],
    }  # fmt: skip


def test_the_schema_refuses_what_is_no_vcon() -> None:
    good = made([b"x"], channels=((0,), (1,)))
    for wrong in ({"vcon": "0.3.0"}, {"uuid": 7}, {"created_at": 7}, {"dialog": [{"type": "recording"}]}):
        assert not CHECK.is_valid(good | wrong)
