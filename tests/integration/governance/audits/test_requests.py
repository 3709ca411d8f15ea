"""A request for an audit in a real customer's database: decided, answered, held, reported, closed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from tests.support.left_evidence import trail

from parley.agreement.api import Event
from parley.governance.audits import api as audits
from parley.governance.audits.models import AuditRequest
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WHO = UUID(int=7)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def compliance(make_customer):
    made = make_customer(agreement="ixcloud-dpa")
    with tenancy.scope(made):
        yield made


def ask(**given):
    wanted = {
        "cause": "suspicion",
        "reason": "logs of March are missing",
        "scope": "access logs",
        "auditor": "Auditors",
    }
    return audits.ask(**wanted | {"wanted_at": NOW + 60 * DAY, "by": WHO, "at": NOW} | given)


def kinds():
    return [entry.kind for entry in trail()]


def test_from_the_request_to_the_last_finding(compliance):
    asked = ask()
    assert asked.decision.granted and asked.state == "asked" and asked.decision.clause == "IX-12.audit"
    duty = obligations.duty(f"audit-requested:{asked.id}:answer-request", at=NOW)
    assert (duty.state, duty.owner, duty.due) == ("open", "provider", NOW + 7 * DAY)
    agreed = audits.agree(
        asked.id, date=NOW + 60 * DAY, answer="Welcome.", certificates=["iso-27001"], by=WHO, at=NOW + DAY
    )
    assert (agreed.state, agreed.certificates) == ("agreed", ("iso-27001",))
    assert obligations.duty(duty.key, at=NOW + DAY).state == "met"
    audits.hold(asked.id, held_at=NOW + 60 * DAY, by=WHO, at=NOW + 61 * DAY)
    found = [("minor", "One review was a week late."), ("observation", "Names are long.")]
    reported = audits.report(asked.id, text="All in all in order.", findings=found, by=WHO, at=NOW + 70 * DAY)
    assert [one.severity for one in reported.findings] == ["minor", "observation"]
    first, second = reported.findings
    assert audits.remedy(asked.id, first.id, remedy="Held since.", by=WHO, at=NOW + 80 * DAY).state == "reported"
    closed = audits.remedy(asked.id, second.id, remedy="Shortened.", by=WHO, at=NOW + 81 * DAY)
    assert closed.state == "closed"
    assert {"audit.granted", "audit.agreed", "audit.held", "audit.reported", "audit.finding-remedied",
            "audit.closed"} <= set(kinds())  # fmt: skip
    entries = trail(["audit.granted"])
    assert "March" not in str(entries[0].details)


def test_refused_by_frequency_then_granted_after_an_incident(compliance):
    first = ask()
    again = ask(wanted_at=NOW + 200 * DAY, at=NOW + 20 * DAY)
    assert (again.state, again.decision.rule) == ("refused", "frequency")
    assert obligations.duties(event_id=str(again.id)) == []
    agreement = contract.binding().agreement
    known = NOW + 25 * DAY
    with transaction.atomic():
        obligations.open_duties(agreement, Event(kind="incident-known", id=str(uuid4()), at=known), zone="UTC")
    granted = ask(cause="incident", wanted_at=NOW + 200 * DAY, at=NOW + 30 * DAY)
    assert (granted.state, granted.decision.lifted) == ("asked", "incident")
    assert first.state == "asked"


def test_a_withdrawn_request_leaves_the_year_free(compliance):
    first = ask()
    audits.withdraw(first.id, by=WHO, at=NOW + DAY)
    assert ask(at=NOW + 2 * DAY).decision.granted
    duty = obligations.duty(f"audit-requested:{first.id}:answer-request", at=NOW + 2 * DAY)
    assert duty.state == "cancelled"


def test_an_authority_is_never_refused_by_any_way(compliance):
    ask()
    by_authority = ask(cause="authority", wanted_at=NOW + DAY, at=NOW)
    assert by_authority.decision.granted
    with pytest.raises(audits.AuditRefused, match="authority chooses"):
        audits.agree(by_authority.id, date=NOW + 9 * DAY, answer="later", by=WHO, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditRequest.objects.filter(id=by_authority.id).update(granted=False, state="refused")


def test_moves_that_are_none_change_nothing(compliance):
    asked = ask()
    for move in (
        lambda: audits.hold(asked.id, held_at=NOW, by=WHO, at=NOW),
        lambda: audits.report(asked.id, text="x", findings=[], by=WHO, at=NOW),
    ):
        with pytest.raises(audits.AuditRefused):
            move()
    assert audits.audit(asked.id).state == "asked"
    refused = ask(cause="none", reason="")
    with pytest.raises(audits.AuditRefused):
        audits.agree(refused.id, date=NOW, answer="", by=WHO, at=NOW)
    with pytest.raises(audits.NoSuchAudit):
        audits.audit(uuid4())


def test_the_answer_goes_to_the_addresses_for_notices(compliance):
    contract.set_notice_addresses(["privacy@customer.example"], by=str(WHO), at=NOW)
    asked = ask()
    audits.agree(asked.id, date=NOW + 60 * DAY, answer="Welcome.", by=WHO, at=NOW)
    (message,) = mail.messages(purpose="audit")
    assert message.subject == "Your audit takes place on 22 Jan 2027"
    assert [one.address for one in message.recipients] == ["privacy@customer.example"]
    assert "Welcome." in mail.content(message.id).text


def test_a_report_without_findings_closes_the_audit(compliance):
    asked = ask()
    audits.agree(asked.id, date=NOW + 60 * DAY, answer="Welcome.", by=WHO, at=NOW)
    audits.hold(asked.id, held_at=NOW + 60 * DAY, by=WHO, at=NOW + 61 * DAY)
    assert audits.report(asked.id, text="Nothing found.", findings=[], by=WHO, at=NOW + 62 * DAY).state == "closed"


def test_the_providers_list_follows(compliance):
    asked = ask()
    audits.agree(asked.id, date=NOW + 60 * DAY, answer="Welcome.", by=WHO, at=NOW)
    line = next(line for line in audits.all_audits(limit=500) if line.audit_id == asked.id)
    assert (line.customer_id, line.state, line.held_for) == (compliance.id, "agreed", NOW + 60 * DAY)
    assert any(line.audit_id == asked.id for line in audits.all_audits(open_only=True, limit=500))


def test_another_customers_audit_does_not_exist_here(compliance, make_customer):
    asked = ask()
    with tenancy.scope(make_customer()), pytest.raises(audits.NoSuchAudit):
        audits.audit(asked.id)
