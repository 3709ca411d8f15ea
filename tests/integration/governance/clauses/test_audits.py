"""Clauses that audits keep: requests decided, packs that verify, attestations with their proof."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.support.installation import tenancy
from tests.support.left_evidence import kinds_of

from parley.governance.audits import api as audits
from parley.ledger import api as ledger
from parley.obligations import api as obligations
from parley.people.api import create_user
from parley.project.wiring import LETTERS
from parley.storage.api import open_store

OFFICER = UUID(int=8)
DAY = timedelta(days=1)
PROOF = b"%PDF-1.7\n%EOF\n"


def now() -> datetime:
    return datetime.now(UTC)


def weekday(days):
    """Noon of a working day, at least `days` from now."""
    found = (now() + days * DAY).replace(hour=11, minute=0)
    while found.weekday() >= 5:
        found += DAY
    return found


def ask(*, cause="none", days=60, reason="", **more):
    return audits.ask(
        cause=cause, reason=reason, scope="access logs", auditor="Auditors", wanted_at=weekday(days), by=OFFICER,
        at=now(), **more,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return open_store((tmp_path / "objects").as_uri())


def made_pack(customer, store, tmp_path):
    """The names in a pack that the worker made for the customer in scope."""
    create_user(email="keeper@x.example", name="Keeper", password="a sentence that nobody guesses 3", role="compliance")
    asked = audits.ask_pack(scope="newest", by=OFFICER, at=now())
    with tenancy.connect(customer, role="sequencer") as connected:
        ledger.integrate(connected, signer=tenancy.keyring().ledger_signer(customer))
    handlers = audits.handlers(store=store, fonts=LETTERS, scratch=tmp_path / "scratch")
    obligations.run_due(customer, handlers=handlers, now=now())
    assert audits.pack(asked.id).state == "ready"
    content, _, sealed = audits.fetch(asked.id, store=store)
    assert not sealed
    with zipfile.ZipFile(io.BytesIO(content.read())) as pack:
        return {Path(name).name for name in pack.namelist()}


def test_im_3h_audit_refused_for_its_notice_granted_later_as_often_as_wanted(under):
    """control.audit-requests and obligation.audit-notice: thirty days, and no limit to their number."""
    with under("imagicle-dpa"):
        early = ask(days=10)
        assert (early.decision.granted, early.decision.clause) == (False, "IM-3h.audit")
        assert early.decision.remedy
        for _ in range(2):
            granted = ask()
            assert granted.decision.granted
            audits.agree(granted.id, date=weekday(60), answer="Welcome.", by=OFFICER, at=now())
        assert obligations.duty(f"audit-requested:{granted.id}:answer-request").clause == "IM-3h.audit"
        assert ask(cause="authority", days=0).decision.granted


def test_im_3h_audit_the_pack_shows_compliance(under, store, tmp_path):
    """control.audit-pack: certificates and attestations may answer part."""
    with under("imagicle-dpa") as customer:
        assert {"manifest.json", "verify_pack.py"} <= made_pack(customer, store, tmp_path)


def test_kv_7_audit_once_a_year_and_documentation_any_time(under, store, tmp_path):
    """control.audit-requests, obligation.audit-notice and control.audit-pack."""
    with under("kavkom-dpa") as customer:
        first = ask()
        assert first.decision.granted
        audits.agree(first.id, date=weekday(60), answer="Welcome.", by=OFFICER, at=now())
        second = ask(days=120)
        assert (second.decision.granted, second.decision.clause) == (False, "KV-7.audit")
        assert second.decision.earliest >= weekday(60) + 360 * DAY
        assert ask(cause="authority", days=0).decision.granted
        assert "manifest.json" in made_pack(customer, store, tmp_path)


def test_kv_9_customer_supervises_by_audits(under):
    """control.audit-requests."""
    with under("kavkom-dpa"):
        assert ask().decision.granted


def test_ix_12_audit_needs_a_cause_and_leaves_evidence(under, store, tmp_path):
    """control.audit-requests, control.audit-pack and control.evidence."""
    with under("ixcloud-dpa") as customer:
        assert not ask().decision.granted
        granted = ask(cause="suspicion", reason="Logs of March are missing.")
        assert (granted.decision.granted, granted.decision.clause) == (True, "IX-12.audit")
        assert any(kind.startswith("audit.") for kind in kinds_of("IX-12.audit"))
        assert "manifest.json" in made_pack(customer, store, tmp_path)


def test_ux_6_processing_information_that_shows_compliance(under, store, tmp_path):
    """control.audit-pack."""
    with under("ucx-terms") as customer:
        assert "manifest.json" in made_pack(customer, store, tmp_path)


@pytest.mark.parametrize(
    ("agreement", "key"),
    [
        ("imagicle-dpa", "confidentiality"),
        ("imagicle-dpa", "handlers"),
        ("kavkom-dpa", "training"),
        ("kavkom-dpa", "penetration-test"),
        ("ixcloud-dpa", "resilience"),
        ("imagino-policy", "transport"),
        ("ucx-terms", "availability"),
    ],
)
def test_an_attestation_is_proved_shown_and_due_again(under, store, tmp_path, agreement, key):
    with under(agreement) as customer:
        term = next(term for term in audits.shown(at=now()) if term.key == key)
        assert term.attested_at is None or term.attested_at <= now()
    with tenancy.scope(tenancy.provider()):
        audits.attest(key, attested_at=now() - DAY, proof=PROOF, by=OFFICER, at=now(), store=store)
    handlers = audits.handlers(store=store, fonts=LETTERS, scratch=tmp_path / "scratch")
    for one in (tenancy.provider(), customer):
        obligations.run_due(one, handlers=handlers, now=now() + timedelta(seconds=1))
    with tenancy.scope(customer):
        shown = next(one for one in audits.shown(at=now()) if one.key == key)
        assert shown.attested_at is not None
        assert shown.next_due > now()
