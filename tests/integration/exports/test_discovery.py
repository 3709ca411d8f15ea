"""An e-discovery package convinces somebody who has no Parley: `age`, `ffprobe`, bare Python, the two files in it."""

import csv
import io
import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.integration.exports.conftest import Desk, DeskFor
from tests.integration.recordings.conftest import Somebody
from tests.support.resealed import rewritten
from tests.support.spooled import CALLER

from parley.exports import api as exports
from parley.exports import verify_package
from parley.exports.models import Export
from parley.governance.access import api as access
from parley.inventory.api import ExportOptions, Subject
from parley.ledger import api as ledger
from parley.obligations.api import run_due
from parley.recordings.api import installed_store
from parley.recordings.resealing import api as resealing
from parley.sealing.api import generate_identity
from parley.tenancy import api as tenancy

PYTHON = ("/usr/bin/python3", "-I", "-S")  # isolated, and without the packages that this machine has


def integrate(customer: tenancy.Customer) -> str:
    """What the sequencer does; the key of the customer's log."""
    signer = tenancy.keyring().ledger_signer(customer)
    with tenancy.connect(customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=signer)
    return str(signer.log_key)


def bare(command: Sequence[str | Path], *, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in an environment that knows nothing of Parley."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": "", "LANG": "C.UTF-8"}
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)


def unpacked(desk: Desk, key_text: str, tmp_path: Path) -> Path:
    """The stored package, opened by `age` with the customer's key and unpacked by Python."""
    home = tmp_path / "expert"
    home.mkdir()
    (home / "key.txt").write_text(key_text)
    (stored,) = desk.objects()
    with installed_store().open(stored) as sealed:
        (home / "export.zip.age").write_bytes(sealed.read())
    opened = bare(["age", "--decrypt", "-i", "key.txt", "-o", "export.zip", "export.zip.age"], home=home)
    assert opened.returncode == 0, opened.stderr
    assert bare([*PYTHON, "-m", "zipfile", "-e", "export.zip", "package"], home=home).returncode == 0
    return home


def verified(home: Path, log_key: str, *more: str) -> subprocess.CompletedProcess[str]:
    package = home / "package"
    return bare([*PYTHON, package / "verify_package.py", package, "--log-key", log_key, *more], home=home)


@pytest.fixture
def two_of_three(desk: Desk) -> tuple[UUID, UUID]:
    """Two recordings that are wanted; the third is of another day."""
    now = datetime.now(UTC)
    desk.recorded(at=now - timedelta(days=9))
    first, second = desk.recorded(at=now - timedelta(days=1)), desk.recorded(at=now - timedelta(hours=1))
    return first, second


def test_it_is_verified_and_played_without_parley(desk: Desk, two_of_three: tuple[UUID, UUID], tmp_path: Path) -> None:
    earlier = desk.ask(reason="records", options=ExportOptions(formats=("csv",)))
    desk.make()
    exports.fetched(earlier, by=str(UUID(int=9)), at=datetime.now(UTC))
    log_key = integrate(desk.customer)
    export = desk.ask(
        reason="discovery", subject=Subject(numbers=(CALLER.number,)), since=datetime.now(UTC) - timedelta(days=2),
        options=ExportOptions(formats=("mp3", "wav", "opus", "vcon")),
    )  # fmt: skip
    assert desk.make().done == 1
    assert exports.get(export).by_store == {"recordings": 2}
    exports.withdraw(earlier, by=None, at=datetime.now(UTC))
    home = unpacked(desk, "\n".join(tenancy.keyring().identities(desk.customer)), tmp_path)
    package = home / "package"

    done = verified(home, log_key, "--custody")
    assert done.returncode == 0, done.stderr
    assert "sealed originals of 2 recordings" in done.stdout
    assert done.stdout.endswith("VERIFIED\n")
    assert f"export.fetched  export {earlier}  by {UUID(int=9)}" in done.stdout
    lines = list(csv.DictReader(io.StringIO((package / "tables" / "custody.csv").read_text())))
    assert {line["recording"] for line in lines} == {str(one) for one in two_of_three}
    for one in two_of_three:
        deeds = [line["deed"] for line in lines if line["recording"] == str(one)]
        assert deeds == ["recording.sealed", "recording.rendered", "export.made", "export.fetched"]
    for suffix, codec in (("mp3", "mp3"), ("wav", "pcm_s16le"), ("opus", "opus")):
        sounds = sorted((package / "recordings").glob(f"*.{suffix}"))
        assert len(sounds) == 2
        probe = bare(["ffprobe", "-v", "error", "-show_streams", "-of", "json", sounds[0]], home=home)
        (stream,) = json.loads(probe.stdout)["streams"]
        assert (stream["codec_name"], stream["channels"]) == (codec, 2)
        assert float(stream["duration"]) == pytest.approx(1.0, abs=0.25)
    part = next((package / "recordings").glob("*/000.age"))
    opened = bare(["age", "--decrypt", "-i", "key.txt", "-o", "000.pcap", part], home=home)
    assert opened.returncode == 0 and (home / "000.pcap").read_bytes()[:4] == bytes.fromhex("4d3cb2a1")

    _every_change_is_named(home, log_key)


def _every_change_is_named(home: Path, log_key: str) -> None:
    """A flipped byte of any kind of file, a file too many or too few, another key."""
    package = home / "package"
    for pattern in ("recordings/*.mp3", "recordings/*/000.age", "evidence/*sealed.json", "tables/custody.csv"):
        path = next(package.glob(pattern))
        good = path.read_bytes()
        bad = bytearray(good)
        bad[len(bad) // 2] ^= 1
        path.write_bytes(bad)
        told = verified(home, log_key)
        assert told.returncode == 1
        assert f"{path.relative_to(package)} is not the file that the manifest names" in told.stderr
        path.write_bytes(good)
    manifest = (package / "manifest.json").read_bytes()
    (package / "manifest.json").write_bytes(manifest.replace(b'"records": 2', b'"records": 3'))
    assert "manifest.json is not the one" in verified(home, log_key).stderr
    (package / "manifest.json").write_bytes(manifest)
    (package / "more.txt").write_text("x")
    assert "more.txt is not in the manifest" in verified(home, log_key).stderr
    (package / "more.txt").unlink()
    path = next(package.glob("recordings/*.wav"))
    away = path.rename(home / "away.wav")
    assert f"{path.relative_to(package)} is missing" in verified(home, log_key).stderr
    away.rename(path)
    assert verified(home, log_key).returncode == 0
    other = tenancy.keyring().ledger_signer(tenancy.provider()).log_key
    assert "manifest" in verified(home, str(other)).stderr


def test_it_waits_for_the_log(desk: Desk) -> None:
    desk.recorded(render=False)
    export = desk.ask(reason="discovery", options=ExportOptions(formats=("age",)))
    assert desk.make().failed == 1
    assert exports.get(export).state in {"queued", "running"}
    integrate(desk.customer)
    row = Export.objects.get(id=export)
    assert not row.redact_others
    retried = datetime.now(UTC) + timedelta(hours=1)
    assert run_due(desk.customer, handlers=exports.long_handlers(), now=retried).done == 1
    assert exports.get(export).state == "ready"


def test_sealed_to_the_customer_alone(make_customer: Any, desk_for: DeskFor, tmp_path: Path) -> None:
    keys = [generate_identity() for _ in range(2)]
    held = make_customer(custody="customer-held", recipients=tuple(key.recipient for key in keys))
    with tenancy.scope(held):
        desk = desk_for(held)
        desk.recorded(render=False)
        log_key = integrate(held)
        desk.ask(reason="discovery", options=ExportOptions(formats=("mp3",)))
        assert desk.make().done == 1
        home = unpacked(desk, keys[1].secret, tmp_path)
        assert verified(home, log_key).stdout.endswith("VERIFIED\n")
        part = next((home / "package" / "recordings").glob("*/000.age"))
        opened = bare(["age", "--decrypt", "-i", "key.txt", "-o", "000.pcap", part], home=home)
        assert opened.returncode == 0, opened.stderr


def test_a_recording_that_was_sealed_anew_is_followed_from_entry_to_entry(
    make_customer: Any, desk_for: DeskFor, tmp_path: Path
) -> None:
    """To the keys after two rotations: the original is what the log says that it became, and a gap is refused."""
    keys = [generate_identity() for _ in range(6)]
    pairs = [tuple(key.recipient for key in keys[first : first + 2]) for first in (0, 2, 4)]
    held = make_customer(custody="customer-held", recipients=pairs[0])
    with tenancy.scope(held):
        desk, officer = desk_for(held), Somebody()
        made = desk.recorded(render=False, at=datetime.now(UTC) - timedelta(hours=1))
        desk.recorded(render=False, at=datetime.now(UTC) + timedelta(minutes=1))
        for turn, present in enumerate(pairs[1:]):
            access.rotate_keys(recipients=present, by=officer.user_id, party="customer", at=datetime.now(UTC))
            (one,) = resealing.headers(officer, store=installed_store())
            if turn:
                log_key = integrate(held)
            given = rewritten(one, secrets=[keys[2 * turn].secret], recipients=present)
            resealing.reseal(officer, made, given, recipients=present, at=datetime.now(UTC), store=installed_store())
        desk.ask(reason="discovery", options=ExportOptions(formats=("mp3",)))
        assert desk.make().failed == 1, "the log's head does not know of the second time yet"
        integrate(held)
        retried = datetime.now(UTC) + timedelta(hours=1)
        assert run_due(tenancy.current(), handlers=exports.long_handlers(), now=retried).done == 1
        home = unpacked(desk, keys[5].secret, tmp_path)
        done = verified(home, log_key, "--custody")
        assert done.stdout.endswith("VERIFIED\n"), done.stderr
        assert "of these 1 were sealed anew" in done.stdout
        assert done.stdout.count(f"recording.resealed  recording {made}") == 2
        part = next((home / "package" / "recordings").glob(f"*{made}/000.age"))
        opened = bare(["age", "--decrypt", "-i", "key.txt", "-o", "000.pcap", part], home=home)
        assert opened.returncode == 0, opened.stderr
        (home / "old.txt").write_text("\n".join(key.secret for key in keys[:4]))
        assert bare(["age", "--decrypt", "-i", "old.txt", part], home=home).returncode != 0
    bundles = [json.loads(path.read_bytes())["details"]["value"] for path in (home / "package/evidence").glob("*seal*")]
    sealed = [one for one in bundles if "times" not in one]
    anew = [one for one in bundles if "times" in one]
    originals = verify_package._originals({
        one["name"]: one for one in json.loads((home / "package/manifest.json").read_bytes())["files"]
    })  # fmt: skip
    assert verify_package._require_sealed(originals, sealed, anew[::-1]) == 1
    for broken in (anew[:1], anew[1:], [*anew, anew[0]], [anew[0] | {"before_sha256": "0" * 64}, anew[1]], []):
        with pytest.raises(verify_package.PackageError):
            verify_package._require_sealed(originals, sealed, broken)
