"""Exports through the browser: asked for, fetched by pieces, handed on by a link that ends."""

import hashlib
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from django.test import Client
from tests.support.captures import correlation
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import entries
from tests.support.spooled import CALLER, Spooler

from parley.exports import api as exports
from parley.inventory.api import ExportOptions, Subject
from parley.ledger import api as ledger
from parley.obligations.api import run_due
from parley.people.api import create_user
from parley.recordings.api import RENDER, finalize, installed_store, render_recording
from parley.tenancy import api as tenancy

PASSWORD = "a long enough password"


class Keeper:
    """Somebody of one customer at a browser."""

    def __init__(self, customer: tenancy.Customer, folder: Path) -> None:
        self.customer = customer
        self.home = f"/c/{customer.handle}/"
        email = f"keeper@{customer.handle}.example"
        create_user(email=email, name="Keeper", password=PASSWORD, role="compliance")
        made = finalize(Spooler(folder / "spool", customer).close(), store=installed_store(), now=datetime.now(UTC))
        handler = partial(render_recording, store=installed_store(), scratch=folder)
        run_due(customer, handlers={RENDER: handler}, now=datetime.now(UTC))
        self.recording = made
        self.client = Client(HTTP_HOST="127.0.0.1")
        assert self.client.post(self.home + "sign-in", {"email": email, "password": PASSWORD}).status_code == 302

    def ask(self, **given: object) -> UUID:
        answer = self.client.post(self.home + "exports/ask", {"key": str(datetime.now(UTC)), **given})
        assert answer.status_code == 302, answer.content
        return UUID(answer["Location"].rstrip("/").rpartition("/")[2])

    def make(self) -> None:
        assert run_due(self.customer, handlers=exports.long_handlers(), now=datetime.now(UTC)).failed == 0


@pytest.fixture
def keeper(customer: tenancy.Customer, tmp_path: Path) -> Keeper:
    return Keeper(customer, tmp_path)


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_asked_for_made_and_fetched(keeper: Keeper) -> None:
    assert b"Nothing was exported yet" in keeper.client.get(keeper.home + "exports/").content
    assert b"Make this export" in keeper.client.get(keeper.home + "exports/ask").content
    export = keeper.ask(what="everything", formats=["csv", "mp3"], title="Year end")
    assert b"hx-get" in keeper.client.get(f"{keeper.home}exports/{export}/").content
    keeper.make()
    page = keeper.client.get(f"{keeper.home}exports/{export}/").content.decode()
    assert "Year end" in page
    assert exports.link(export) in page
    got = body(keeper.client.get(f"{keeper.home}exports/{export}/file"))
    assert any(str(keeper.recording) in name for name in zipfile.ZipFile(io.BytesIO(got)).namelist())
    finished = keeper.client.get(f"{keeper.home}exports/{export}/progress")
    assert finished["HX-Refresh"] == "true"


def test_opus_is_made_of_the_recording_while_it_is_fetched(keeper: Keeper, tmp_path: Path) -> None:
    page = keeper.client.get(f"{keeper.home}recordings/{keeper.recording}/").content.decode()
    media = f"{keeper.home}api/v1/recordings/{keeper.recording}/media"
    assert re.search(rf'href="{media}/opus" download="[^"]+\.opus"', page)
    whole = keeper.client.get(f"{media}/opus", headers={"Range": "bytes=0-9"})
    assert (whole.status_code, whole["Content-Type"], whole["Accept-Ranges"]) == (200, "audio/ogg", "none")
    assert "Content-Length" not in whole
    path = tmp_path / "call.opus"
    path.write_bytes(body(whole))
    (stream,) = json.loads(ran("ffprobe", "-v", "error", "-show_streams", "-of", "json", path))["streams"]
    assert (stream["codec_name"], stream["channels"]) == ("opus", 2)
    sound = np.frombuffer(ran("ffmpeg", "-v", "error", "-i", path, "-ar", "8000", "-f", "s16le", "-"), "<i2")
    wav = np.frombuffer(body(keeper.client.get(f"{media}/wav"))[44:], "<i2")
    assert len(sound) == len(wav)
    assert float(stream["duration"]) == pytest.approx(len(wav) / 16_000, abs=0.01)
    assert min(correlation(sound[side::2], wav[side::2]) for side in (0, 1)) > 0.95
    again = keeper.client.get(f"{media}/opus", headers={"If-None-Match": whole["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert keeper.client.head(f"{media}/opus").content == b""
    assert [kind for kind, _clause in entries()].count("recording.played") == 2, "one of each form in an hour"
    export = keeper.ask(what="everything", formats=["csv", "opus"])
    keeper.make()
    package = zipfile.ZipFile(exports.open_package(export))
    (packed,) = (one for one in package.infolist() if one.filename.endswith(".opus"))
    assert packed.compress_type == zipfile.ZIP_STORED
    path.write_bytes(package.read(packed))
    assert ran("ffmpeg", "-v", "error", "-i", path, "-ar", "8000", "-f", "s16le", "-") == sound.tobytes()


def test_nobody_offers_opus_of_what_only_the_customer_opens(make_customer: MakeCustomer, tmp_path: Path) -> None:
    held = make_customer(custody="customer-held")
    with tenancy.scope(held):
        keeper = Keeper(held, tmp_path)
        asked = keeper.client.get(keeper.home + "exports/ask").content.decode()
        assert "nobody here can turn them into MP3, WAV or Opus" in asked
        page = keeper.client.get(f"{keeper.home}recordings/{keeper.recording}/").content.decode()
        media = f"{keeper.home}api/v1/recordings/{keeper.recording}/media/opus"
        assert "media/opus" not in page
        refused = keeper.client.get(media)
        assert refused.status_code == 403
        assert b"fetch the sealed original and open it with the customer's own identity" in refused.content
        export = keeper.ask(what="everything", formats=["opus"])
        keeper.make()
        package = io.BytesIO(exports.open_package(export).read())
        assert package.getvalue().startswith(b"age-encryption.org/v1\n")


def ran(*command: str | Path) -> bytes:
    """What a program writes, that has nothing to say against it."""
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


def test_what_is_wrong_stands_beside_the_field(keeper: Keeper) -> None:
    for given, said in (
        ({"what": "subject", "person": "nobody", "formats": "csv"}, "Write a number with its country"),
        ({"what": "records", "since": "2026-02-01", "until": "2026-01-01", "formats": "csv"}, "before the first"),
        ({"what": "everything"}, "Choose at least one"),
        ({"what": "discovery", "formats": "mp3"}, "A day is written"),
        ({"formats": "csv"}, "Choose one"),
    ):
        answer = keeper.client.post(keeper.home + "exports/ask", {"key": "k", **given})
        assert answer.status_code == 400
        assert said in answer.content.decode()
    assert not exports.listing()


def test_of_one_person(keeper: Keeper) -> None:
    export = keeper.ask(what="subject", person="+39 0584 943232", formats=["csv"])
    keeper.make()
    text = zipfile.ZipFile(exports.open_package(export)).read("tables/recordings.csv").decode()
    assert CALLER.number in text
    assert "(left out)" in text


def test_for_e_discovery_of_one_person_whenever_it_was(keeper: Keeper) -> None:
    signer = tenancy.keyring().ledger_signer(keeper.customer)
    with tenancy.connect(keeper.customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=signer)
    export = keeper.ask(what="discovery", person="+39 0584 943232", formats=["mp3"])
    keeper.make()
    names = zipfile.ZipFile(exports.open_package(export)).namelist()
    assert {"README.txt", "verifier.py", "verify_package.py", "manifest.note", "tables/custody.csv"} <= set(names)
    page = keeper.client.get(f"{keeper.home}exports/{export}/").content.decode()
    assert "E-discovery package" in page
    assert f"verify_package.py . --log-key &#x27;{signer.log_key}&#x27;" in page.replace("'", "&#x27;")


def test_the_link_serves_pieces_to_whoever_has_it(keeper: Keeper) -> None:
    export = keeper.ask(what="everything", formats=["csv"])
    keeper.make()
    anybody, link = Client(HTTP_HOST="127.0.0.1"), exports.link(export)
    whole = anybody.get(link)
    assert whole.status_code == 200
    content = body(whole)
    assert hashlib.sha256(content).hexdigest() == exports.get(export).sha256
    assert "no-store" in whole["Cache-Control"]
    assert not whole.cookies
    piece = anybody.get(link, headers={"Range": "bytes=10-29"})
    assert (piece.status_code, body(piece)) == (206, content[10:30])
    assert [kind for kind, _clause in entries()].count("export.fetched") == 2, "a piece may be nearly all"
    assert anybody.head(link)["Content-Length"] == str(len(content))
    assert anybody.post(link).status_code == 405


def test_a_wrong_link_says_nothing(keeper: Keeper, make_customer: MakeCustomer) -> None:
    export = keeper.ask(what="everything", formats=["csv"])
    keeper.make()
    link = exports.link(export)
    other = make_customer()
    anybody = Client(HTTP_HOST="127.0.0.1")
    wrong = [
        link[:-2] + "xx",
        link.replace(keeper.customer.handle, other.handle),
        link.replace(keeper.customer.handle, "provider"),
    ]
    answers = {anybody.get(path).content for path in [*wrong, link.replace(keeper.customer.handle, "nobody-here")]}
    assert len(answers) == 1
    keeper.client.post(f"{keeper.home}exports/{export}/")
    gone = anybody.get(link)
    assert (gone.status_code, {gone.content}) == (404, answers)
    assert b"was withdrawn" in keeper.client.get(f"{keeper.home}exports/{export}/").content


def test_it_expires(keeper: Keeper) -> None:
    export = keeper.ask(what="everything", formats=["csv"])
    keeper.make()
    run_due(keeper.customer, handlers=exports.handlers(), now=datetime.now(UTC) + timedelta(days=31))
    assert Client(HTTP_HOST="127.0.0.1").get(exports.link(export)).status_code == 404
    assert b"time of this export is over" in keeper.client.get(f"{keeper.home}exports/{export}/").content


@pytest.fixture
def refused(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    made = make_customer(agreement="ixcloud-dpa")
    with tenancy.scope(made):
        yield made


def test_the_gate_is_asked(refused: tenancy.Customer, tmp_path: Path) -> None:
    from parley.governance.contract import api as contract

    keeper = Keeper(refused, tmp_path)
    now = datetime.now(UTC)
    contract.end_contract(ends_at=now - timedelta(days=400), by=str(UUID(int=1)), at=now)
    answer = keeper.client.post(keeper.home + "exports/ask", {"key": "k", "what": "everything", "formats": "csv"})
    assert answer.status_code == 409


def test_the_provider_hands_its_own_people_their_data_by_a_link_too(customer: tenancy.Customer) -> None:
    provider, now = tenancy.provider(), datetime.now(UTC)
    with tenancy.scope(provider):
        export = exports.start(
            title="Own", reason="subject", subject=Subject(emails=("nobody@provider.example",)), records=(),
            options=ExportOptions(formats=("csv",)), by=str(UUID(int=7)), clause="own", at=now, key="own",
        )  # fmt: skip
        assert run_due(provider, handlers=exports.long_handlers(), now=now).failed == 0
        link = exports.link(export)
    got = body(Client(HTTP_HOST="127.0.0.1").get(link))
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(got)).namelist()
