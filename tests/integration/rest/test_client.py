"""The Python client: what clients/generate.py writes is what lies there, and it works against a real server."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from clients.generate import TARGET, written
from tests.integration.rest.conftest import Office
from tests.journeys.conftest import Servers

from parley.web.rest.api import rest


@pytest.fixture(scope="module")
def client() -> ModuleType:
    specification = importlib.util.spec_from_file_location("parley_client", TARGET)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["parley_client"] = module
    specification.loader.exec_module(module)
    return module


def test_it_is_what_the_description_makes() -> None:
    assert Path(TARGET).read_text(encoding="utf-8") == written(rest.get_openapi_schema()), (
        "write it anew: python clients/generate.py"
    )


def test_a_program_finds_listens_notes_and_is_refused(client: ModuleType, office: Office, servers: Servers) -> None:
    console = f"{servers.base}/c/{office.customer.handle}/"
    parley = client.Parley(console, token=office.token())
    (listed,) = parley.list_recordings(number="+390584943232", limit=10)["items"]
    recording = listed["id"]
    assert parley.list_recordings(tag="claim", quality=["good", "impaired", "gaps", "silent"])["items"] == [listed]
    assert parley.list_recordings(shortest=3600)["items"] == []
    mine = parley.list_audit(person=str(office.admin.id), since="2026-01-01T00:00:00Z", limit=200)["items"]
    everything = parley.list_audit(since="2026-01-01T00:00:00Z", limit=200)["items"]
    assert mine and len(mine) < len(everything)
    assert parley.list_audit(person=str(office.admin.id), until="2020-01-01T00:00:00Z")["items"] == []
    assert listed["notice"] == "" and parley.list_recordings(consent=["refused"], notice=["none"])["items"] == []
    assert parley.get_media(recording, "wav")[:4] == b"RIFF"
    assert parley.get_media(recording, "opus")[:4] == b"OggS"
    assert parley.get_part(recording, office.ids["name"]).startswith(b"age-encryption.org")
    note = parley.add_note(recording, {"text": "called back", "moment_ms": 200})
    assert note["id"] in {one["id"] for one in parley.list_notes(recording)}
    assert parley.remove_note(recording, note["id"]) is None
    assert parley.look_up(number="+390584943232")["contact"]["name"] == "Ada"
    made = parley.make_webhook({"name": "CRM", "url": "https://crm.example/", "kinds": ["recording.finished"]})
    assert made["secret"].startswith("whsec_")
    assert parley.send_webhook_test(made["id"])["kind"] == "webhook.test"
    parley.remove_webhook(made["id"])
    with pytest.raises(client.ParleyProblem) as refused:
        client.Parley(console, token=office.token(["live:read"])).list_recordings()
    assert (refused.value.status, refused.value.error_id) == (403, "tokens.scope-missing")
    with pytest.raises(client.ParleyProblem) as unknown:
        client.Parley(console, token="parley_" + "x" * 43).list_live()
    assert unknown.value.error_id == "web.token_unknown"
