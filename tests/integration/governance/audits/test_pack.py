"""An audit pack, from the request to an auditor who has Python, `cryptography` and nothing of ours."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import cryptography
import pytest
from django.db import connection
from pypdf import PdfReader
from tests.integration.governance.audits.conftest import PDF, integrate
from tests.support.left_evidence import trail

from parley.governance.audits import api as audits
from parley.governance.audits.models import AuditPack
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.people.api import create_user
from parley.project.wiring import LETTERS
from parley.sealing.api import generate_identity, open_bytes
from parley.storage.api import StoreUnavailableError
from parley.storage.local import LocalStore
from parley.tenancy import api as tenancy

WHO = UUID(int=7)
NAME = "Ωμέγα Связь Ærø"  # Greek, Cyrillic, Latin with diacritics


@pytest.fixture
def customer(make_customer):
    made = make_customer(name=NAME, agreement="ixcloud-dpa")
    with tenancy.scope(made):
        create_user(email="keeper@x.example", name="Keeper", password="a sentence that nobody guesses 3",
                    role="compliance")  # fmt: skip
        yield made


def made_pack(customer, work, *, scope="newest"):
    now = datetime.now(UTC)
    asked = audits.ask_pack(scope=scope, by=WHO, at=now)
    integrate(customer)
    work(customer)
    ready = audits.pack(asked.id)
    assert ready.state == "ready", ready
    return ready


def clear(pack, store):
    content, size, sealed = audits.fetch(pack.id, store=store)
    data = content.read()
    assert (len(data), sealed) == (size, False)
    return data


def unpacked(data, folder):
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        made.extractall(folder)
    return folder


def log_key(customer):
    return str(tenancy.keyring().ledger_signer(customer).log_key)


def verify(folder, key, *more, script=None):
    """As an auditor does: an interpreter that has `cryptography` and nothing else beside its own library."""
    alone = folder.parent / "only-cryptography"
    alone.mkdir(exist_ok=True)
    site = Path(cryptography.__file__).parents[1]
    for found in (
        *site.glob("cryptography"),
        *site.glob("cffi"),
        *site.glob("_cffi_backend*"),
        *site.glob("pycparser"),
    ):
        if not (alone / found.name).exists():
            (alone / found.name).symlink_to(found)
    return subprocess.run(
        [sys.executable, "-S", "-P", str((script or folder) / "verify_pack.py"), str(folder), "--log-key", key, *more],
        cwd=folder.parent,
        env={"PATH": "/usr/bin", "PYTHONPATH": str(alone), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pack_verifies_offline_and_no_byte_of_it_may_change(customer, work, store, tmp_path):
    audits.ask(
        cause="none", reason="", scope="logs", auditor="Auditors", wanted_at=datetime.now(UTC), by=WHO,
        at=datetime.now(UTC),
    )  # fmt: skip
    pack = made_pack(customer, work)
    data = clear(pack, store)
    assert hashlib.sha256(data).hexdigest() == pack.sha256
    folder = unpacked(data, tmp_path / "empty" / "pack")
    key = log_key(customer)
    found = verify(folder, key)
    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith("VERIFIED\n")
    kinds = {
        "evidence": next((folder / "evidence").rglob("*.json")),
        "agreement": next((folder / "agreement").glob("*.toml")),
        **{path.name: path for path in folder.iterdir() if path.is_file()},
    }
    assert {"README.txt", "report.pdf", "manifest.json", "manifest.note", "verifier.py", "verify_pack.py",
            "obligations.csv", "inventory.json", "subprocessors.json", "attestations.json"} <= set(kinds)  # fmt: skip
    honest = unpacked(data, tmp_path / "elsewhere")
    for name, path in kinds.items():
        content = path.read_bytes()
        path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
        refused = verify(folder, key, script=honest)
        assert (refused.returncode, refused.stderr[:7]) == (1, "REFUSED"), name
        path.write_bytes(content)
    assert verify(folder, key, script=honest).returncode == 0
    (folder / "extra.txt").write_text("more")
    assert "not in the manifest" in verify(folder, key, script=honest).stderr
    (folder / "extra.txt").unlink()
    kinds["evidence"].unlink()
    assert "is missing" in verify(folder, key, script=honest).stderr


def test_another_logs_key_does_not_fit(customer, work, store, tmp_path, make_customer):
    folder = unpacked(clear(made_pack(customer, work), store), tmp_path / "pack")
    assert verify(folder, log_key(make_customer())).returncode == 1


def test_the_report_reads_back_with_every_alphabet(customer, work, store):
    data = clear(made_pack(customer, work), store)
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        reader = PdfReader(io.BytesIO(made.read("report.pdf")))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert NAME in text.replace("\n", " ")
    for words in ("IX-12.audit", "How to verify this pack", "Duties kept on time", "Attestations", "people.User"):
        assert words in text, words
    assert reader.metadata.title == f"Audit pack of {NAME}"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert "Clauses" in str(reader.outline)
    embedded = {
        str(font["/BaseFont"])
        for page in reader.pages
        for font in (each.get_object() for each in page["/Resources"]["/Font"].values())
    }
    assert all("DejaVu" in name for name in embedded if "Helvetica" not in name) and any(
        "DejaVu" in n for n in embedded
    )


def test_its_hash_is_in_the_ledger_and_another_file_is_not_handed_out(customer, work, store):
    pack = made_pack(customer, work)
    with connection.cursor() as cursor:
        entry = ledger.entry(cursor, entry_id=pack.evidence_id)
    assert (entry.kind, entry.clause) == ("audit.pack-made", "IX-12.audit")
    assert entry.details["sha256"] == pack.sha256
    row = AuditPack.objects.get(id=pack.id)
    store.put(row.object_key, b"age-encryption.org/v1 something else")
    with pytest.raises(audits.PackRefused, match="ledger knows"):
        audits.fetch(pack.id, store=store)


def test_the_next_pack_proves_that_the_log_only_grew(customer, work, store, tmp_path):
    first = made_pack(customer, work)
    one = unpacked(clear(first, store), tmp_path / "one")
    obligations.evidence(kind="test.more", clause="IX-12.audit", details={}, at=datetime.now(UTC))
    two = unpacked(clear(made_pack(customer, work, scope="all"), store), tmp_path / "two")
    found = verify(two, log_key(customer), "--checkpoint", str(one / "checkpoints" / "latest.txt"))
    assert found.returncode == 0, found.stderr
    assert "only added" in found.stdout
    assert (two / "checkpoints" / "earlier-pack.txt").read_text() == (one / "checkpoints" / "latest.txt").read_text()


def test_newest_of_each_clause_or_all(customer, work, store):
    for number in range(15):
        obligations.evidence(kind="test.more", clause="IX-12.audit", details={"n": number}, at=datetime.now(UTC))

    def bundles(scope):
        with zipfile.ZipFile(io.BytesIO(clear(made_pack(customer, work, scope=scope), store))) as made:
            clauses = json.loads(made.read("clauses.json"))
            counted = next(line["evidence"] for line in clauses if line["id"] == "IX-12.audit")
            return sum(name.startswith("evidence/IX-12.audit/") for name in made.namelist()), counted

    assert bundles("newest") == (audits.NEWEST, 15)
    packed, counted = bundles("all")
    assert packed == counted >= 15


def test_what_the_pack_says_of_obligations_and_attestations(customer, work, store, officer):
    now = datetime.now(UTC)
    with tenancy.scope(tenancy.provider()):
        given = audits.attest(
            "confidentiality", attested_at=now - timedelta(days=1), proof=PDF, by=officer, at=now, store=store
        )
    audits.catch_up_later(at=now)
    work(customer)
    with zipfile.ZipFile(io.BytesIO(clear(made_pack(customer, work), store))) as made:
        attested = {one["key"]: one for one in json.loads(made.read("attestations.json"))}
        duties = json.loads(made.read("obligations.json"))
        signatures = json.loads(made.read("agreement/signatures.json"))
        texts = {name: made.read(name) for name in made.namelist() if name.endswith(".toml")}
        whole = made.read("report.pdf")
    assert attested["confidentiality"]["sha256"] == given.sha256
    assert any(duty["state"] == "met" for duty in duties)
    assert {hashlib.sha256(text).hexdigest() for text in texts.values()} == {one["digest"] for one in signatures}
    assert given.sha256[:16] in "".join(page.extract_text() for page in PdfReader(io.BytesIO(whole)).pages)


def test_several_agreements_and_which_of_them_prevails(make_customer, work, store):
    both = make_customer(agreement=("imagicle-dpa", "ucx-terms"))
    with tenancy.scope(both), zipfile.ZipFile(io.BytesIO(clear(made_pack(both, work), store))) as made:
        wins = json.loads(made.read("agreement/precedence.json"))
        assert sum(name.endswith(".toml") for name in made.namelist()) == 2
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made.read("report.pdf"))).pages)
    assert any(one["term"].startswith("end.") for one in wins)
    assert "Which text prevails" in text


def test_a_store_that_fails_once_loses_and_doubles_nothing(customer, tmp_path):
    class Failing(LocalStore):
        """Fails when the pack is stored: first before it is, then after."""

        puts = 0

        def put(self, key, content):
            self.puts += 1
            stored = super().put(key, content) if self.puts > 1 else None
            if stored is None or self.puts == 2:
                raise StoreUnavailableError("the object store failed", remedy="wait")
            return stored

    store = Failing(tmp_path / "objects")
    asked = audits.ask_pack(scope="newest", by=WHO, at=datetime.now(UTC))
    integrate(customer)
    handlers = audits.handlers(store=store, fonts=LETTERS, scratch=tmp_path / "scratch")
    now = datetime.now(UTC)
    for _ in range(4):
        now += timedelta(hours=2)
        obligations.run_due(customer, handlers=handlers, now=now)
    assert (audits.pack(asked.id).state, store.puts) == ("ready", 3)
    assert not list((tmp_path / "scratch").iterdir())
    assert len(trail(["audit.pack-made"])) == 1
    assert clear(audits.pack(asked.id), store)


def test_who_holds_its_keys_gets_the_sealed_file(make_customer, work, store, tmp_path):
    identities = [generate_identity() for _ in range(2)]
    held = make_customer(
        custody="customer-held", agreement="ixcloud-dpa", recipients=tuple(one.recipient for one in identities)
    )
    with tenancy.scope(held):
        pack = made_pack(held, work)
        content, size, sealed = audits.fetch(pack.id, store=store)
        data = content.read()
        assert (sealed, len(data), hashlib.sha256(data).hexdigest()) == (True, size, pack.sealed_sha256)
    opened = open_bytes(data, [identities[1]])
    assert hashlib.sha256(opened).hexdigest() == pack.sha256
    assert verify(unpacked(opened, tmp_path / "pack"), log_key(held)).returncode == 0


def test_one_pack_at_a_time_and_a_failed_one_makes_room(customer, store, tmp_path):
    asked = audits.ask_pack(scope="newest", by=WHO, at=datetime.now(UTC))
    with pytest.raises(audits.AuditRefused, match="being made"):
        audits.ask_pack(scope="newest", by=WHO, at=datetime.now(UTC))
    # No sequencer ever runs: the log stays empty, and after some attempts the pack says so.
    handlers = audits.handlers(store=store, fonts=Path("/nowhere"), scratch=tmp_path)
    now = datetime.now(UTC)
    for _ in range(10):
        now += timedelta(hours=2)
        obligations.run_due(customer, handlers=handlers, now=now)
    failed = audits.pack(asked.id)
    assert (failed.state, failed.error) == ("failed", "audits.pack-refused")
    audits.ask_pack(scope="newest", by=WHO, at=datetime.now(UTC))


def test_packs_of_others_do_not_exist_here(customer, work, make_customer, store):
    pack = made_pack(customer, work)
    with tenancy.scope(make_customer()):
        for lost in (pack.id, uuid4()):
            with pytest.raises(audits.NoSuchAudit):
                audits.fetch(lost, store=store)
