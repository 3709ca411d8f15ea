"""The commands that work on files: agreement check, open, verify."""

import struct
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from tests.support.logs import countersign, integrate_all, record_many
from typer.testing import CliRunner

from parley.foundation.errors import ParleyError
from parley.ledger import api as ledger
from parley.project.cli import app
from parley.sealing.api import generate_identity, seal_bytes
from parley.tenancy import api as tenancy

RUN = CliRunner()
HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)


def _record(content: bytes) -> bytes:
    return struct.pack("<IIII", 1, 0, len(content), len(content)) + content


def test_a_packaged_agreement_has_no_mistakes_and_a_changed_one_is_told_its_line(tmp_path: Path) -> None:
    text = resources.files("parley.agreement").joinpath("agreements", "imagicle-dpa.toml").read_text("utf-8")
    file = tmp_path / "ours.toml"
    file.write_text(text)
    good = RUN.invoke(app, ["agreement", "check", str(file)])
    assert good.exit_code == 0, good.output
    file.write_text(text.replace('chosen_by = "customer"', 'chosen_by = "nobody"'))
    bad = RUN.invoke(app, ["agreement", "check", str(file)])
    assert isinstance(bad.exception, ParleyError)
    assert "chosen_by" in str(bad.exception)


def test_agreements_are_listed() -> None:
    listed = RUN.invoke(app, ["agreement", "list"]).output
    assert "imagicle-dpa" in listed
    assert "ixcloud-dpa" in listed


def test_the_parts_of_an_original_open_as_one_private_capture(tmp_path: Path) -> None:
    identity = generate_identity()
    (tmp_path / "key.txt").write_text(
        f"# created by age-keygen\n# public key: {identity.recipient}\n{identity.secret}\n"
    )
    for number in range(2):
        sealed = seal_bytes(HEADER + _record(b"packet %d" % number), [identity.recipient])
        (tmp_path / f"00{number}.age").write_bytes(sealed)
    files = [str(tmp_path / "000.age"), str(tmp_path / "001.age")]
    target = tmp_path / "call.pcap"
    done = RUN.invoke(app, ["open", *files, "--identity", str(tmp_path / "key.txt"), "--output", str(target)])
    assert done.exit_code == 0, done.output
    assert target.read_bytes() == HEADER + _record(b"packet 0") + _record(b"packet 1")
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_wrong_identity_opens_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text(generate_identity().secret)
    (tmp_path / "000.age").write_bytes(seal_bytes(HEADER, [generate_identity().recipient]))
    done = RUN.invoke(app, ["open", str(tmp_path / "000.age"), "--identity", str(tmp_path / "key.txt")])
    assert isinstance(done.exception, ParleyError)
    assert not (tmp_path / "000.pcap").exists()


@pytest.fixture
def bundle(make_customer: Callable[..., tenancy.Customer], tmp_path: Path) -> Path:
    customer = make_customer()
    entry = record_many(customer, 3)[1]
    integrate_all(customer)
    countersign(customer)
    with tenancy.connect(customer) as connected, connected.cursor() as cursor:
        (tmp_path / "evidence.json").write_bytes(ledger.bundle(cursor, entry_id=entry))
    return tmp_path / "evidence.json"


def test_verify_accepts_a_bundle_of_this_installation_and_refuses_a_changed_one(bundle: Path) -> None:
    good = RUN.invoke(app, ["verify", str(bundle)])
    assert good.exit_code == 0, good.output
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    assert RUN.invoke(app, ["verify", str(bundle)]).exit_code == 1


def test_verify_with_another_log_s_key_refuses(bundle: Path, make_customer: Callable[..., tenancy.Customer]) -> None:
    other = str(tenancy.keyring().ledger_signer(make_customer()).log_key)
    assert RUN.invoke(app, ["verify", str(bundle), "--log-key", other]).exit_code == 1
