"""Impact assessments found and told, disclosures told first, complaints passed on, findings reported as obliged."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.support.installation import MakeCustomer
from tests.support.left_evidence import trail

from parley.governance.assistance import api as assistance
from parley.mail import api as mail
from parley.obligations import api as obligations
from parley.tenancy import api as tenancy

BY = uuid4()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def ixcloud(make_customer: MakeCustomer) -> Iterator[tenancy.Customer]:
    administrator = tenancy.NewUser(email="anna@example.org", name="Anna", password="seven-quiet-lanterns")
    made = make_customer(agreement="ixcloud-dpa", custody="customer-held", administrator=administrator)
    with tenancy.scope(made) as customer:
        yield customer


def entries() -> list[tuple[str, str]]:
    return [(one.kind, one.clause) for one in trail()]


def dispatched(customer: tenancy.Customer, key: str) -> None:
    """The mail of that key was dispatched, as the outbox says it with `then`."""
    obligations.enqueue(kind="assistance.told", key=f"test:{key}", due=now(), payload={"key": key, "state": "sent"})
    obligations.run_due(customer, handlers=assistance.handlers(), now=now() + timedelta(seconds=1))


def test_likely_high_risk_is_found_told_assessed_and_exported(ixcloud: tenancy.Customer) -> None:
    at = now()
    needed = assistance.check(what=assistance.processing(), at=at)
    assert needed is not None
    assert needed.clause == "IX-9.dpia"
    assert {"monitoring", "vulnerable"} <= {sign.criterion for sign in needed.signs}
    duty = obligations.duty(f"assessment-needed:{needed.id}:tell-customer")
    assert duty is not None
    assert duty.waiting
    assert any("impact assessment" in message.subject for message in mail.messages())
    dispatched(ixcloud, f"assessment:{needed.id}")
    duty = obligations.duty(duty.key)
    assert duty is not None
    assert duty.state == "met"

    again = assistance.check(what=assistance.processing(), at=at)
    assert again is not None
    assert again.id == needed.id

    half = {"description": "calls of the sales team"}
    assistance.save_assessment(
        needed.id, answers=half, measures="", residual="", consultation="", finish=False, by=BY, at=at
    )
    with pytest.raises(assistance.AssistanceFormError):
        assistance.save_assessment(
            needed.id, answers=half, measures="", residual="", consultation="", finish=True, by=BY, at=at
        )
    done = assistance.save_assessment(
        needed.id, answers=dict.fromkeys(assistance.QUESTIONS, "yes"), measures="sealed", residual="high",
        consultation="asked the authority on 3 March", finish=True, by=BY, at=at,
    )  # fmt: skip
    document = json.loads(assistance.exported(done))
    assert document["prior_consultation"] == "asked the authority on 3 March"
    assert document["state"] == "finished"
    with pytest.raises(assistance.NotYet):
        assistance.dismiss_assessment(needed.id, reason="we think that none is needed", by=BY, at=at)
    for kind in ("assessment.checked", "assessment.needed", "assessment.told", "assessment.finished"):
        assert (kind, "IX-9.dpia") in entries(), kind


def test_no_high_risk_opens_nothing_and_is_kept_too(ixcloud: tenancy.Customer) -> None:
    what = assistance.Processing(offerings=frozenset({"fax"}))
    assert assistance.check(what=what, at=now()) is None
    assert assistance.assessments() == []
    assert ("assessment.checked", "IX-9.dpia") in entries()


def test_the_monthly_job_checks_and_comes_again(ixcloud: tenancy.Customer) -> None:
    outcome = obligations.run_due(ixcloud, handlers=assistance.handlers(), now=now() + timedelta(minutes=1))
    assert len(assistance.assessments()) == 1
    assert outcome.next_due is not None
    assert outcome.next_due > now() + timedelta(days=29)


def demand(*, silence: str = "", until: datetime | None = None) -> assistance.DisclosureView:
    return assistance.receive_demand(
        asker="authority", asker_name="Prosecutor at Lucca", ground="Art. 256 c.p.p.", scope="calls of 3 March",
        intended_at=now() + timedelta(days=5), silence=silence, silent_until=until, by=BY, at=now(),
    )  # fmt: skip


def test_the_customer_is_told_before_anything_is_handed_over(ixcloud: tenancy.Customer) -> None:
    made = demand()
    with pytest.raises(assistance.NotYet):
        assistance.hand_over(made.id, manifest="3 sealed recordings", by=BY, at=now())
    dispatched(ixcloud, f"disclosure:{made.id}")
    assert assistance.demand(made.id).state == "told"
    handed = assistance.hand_over(made.id, manifest="3 sealed recordings", by=BY, at=now())
    assert handed.state == "disclosed"
    duty = obligations.duty(f"compulsion-received:{made.id}:tell-customer")
    assert duty is not None
    assert duty.state == "met"
    assert {"disclosure.demanded", "disclosure.told", "disclosure.made"} <= {kind for kind, _ in entries()}
    with tenancy.scope(tenancy.provider()):
        assert "disclosure.made" in {kind for kind, _ in entries()}
    with pytest.raises(assistance.NotYet):
        assistance.refuse_demand(made.id, because="too late", by=BY, at=now())


def test_while_a_law_forbids_nothing_speaks_of_it_and_afterwards_all_is_told(ixcloud: tenancy.Customer) -> None:
    until = now() + timedelta(days=30)
    made = demand(silence="Art. 329 c.p.p.", until=until)
    assistance.hand_over(made.id, manifest="2 sealed recordings", by=BY, at=now())
    assert assistance.disclosures(at=now(), for_customer=True) == []
    assert not [kind for kind, _ in entries() if kind.startswith("disclosure")]
    assert not [one for one in obligations.duties(limit=200) if one.event_kind == "compulsion-received"]
    assert not [one for one in mail.messages() if "legal power" in one.subject]
    obligations.run_due(ixcloud, handlers=assistance.handlers(), now=until)
    assert [one for one in mail.messages() if "legal power" in one.subject]
    (seen,) = assistance.disclosures(at=until, for_customer=True)
    assert seen.manifest == "2 sealed recordings"


def test_another_customers_demand_is_not_found(ixcloud: tenancy.Customer, make_customer: MakeCustomer) -> None:
    made = demand()
    with tenancy.scope(make_customer()):
        with pytest.raises(assistance.NoSuchRecord):
            assistance.told_customer(made.id, by="phone", at=now())
        assert assistance.disclosures(at=now(), for_customer=False) == []


def test_a_complaint_is_passed_on_answered_and_closed(ixcloud: tenancy.Customer) -> None:
    made = assistance.register_complaint(
        source="person", contact="ada@example.org", about="I was recorded without being told.",
        received_at=now() - timedelta(hours=2), by=BY, at=now(),
    )  # fmt: skip
    assert made.clause == "IX-8.rights"
    assert any("complaint" in message.subject for message in mail.messages())
    with pytest.raises(assistance.NotYet):
        assistance.close_complaint(made.id, outcome="explained", by=BY, at=now())
    assistance.answer_complaint(made.id, answer="We have passed it on.", by=BY, at=now())
    with pytest.raises(assistance.NotYet):
        assistance.close_complaint(made.id, outcome="explained", by=BY, at=now())
    dispatched(ixcloud, f"complaint:{made.id}")
    assert assistance.close_complaint(made.id, outcome="explained", by=BY, at=now()).state == "closed"
    expected = [f"complaint.{word}" for word in ("closed", "forwarded", "answered", "received")]
    assert [kind for kind, _ in entries() if kind.startswith("complaint")] == expected
    assert "ada@" not in str([one.details for one in trail()])
    assert next(line for line in assistance.docket() if line.id == made.id).state == "closed"


def test_a_complaint_that_nobody_passes_on_is_said_to_be_late(customer: tenancy.Customer) -> None:
    """This customer has no addresses for notices: staff has to pass it on otherwise."""
    made = assistance.register_complaint(
        source="authority", contact="", about="Why is there no record?", received_at=now(), by=BY, at=now()
    )
    late = now() + timedelta(days=3, minutes=1)
    obligations.run_due(customer, handlers=assistance.handlers(), now=late)
    assert "complaint.not-forwarded" in {kind for kind, _ in entries()}
    passed_on = assistance.forwarded(made.id, by=str(BY), at=late)
    assert passed_on.forwarded_at == late


def test_the_provider_keeps_complaints_about_itself(cluster: object) -> None:
    with tenancy.scope(tenancy.provider()):
        made = assistance.register_complaint(
            source="authority", contact="dpa.example", about="Your register is late.", received_at=now(), by=BY,
            at=now(),
        )  # fmt: skip
        assert made.forward_due is None
        assistance.answer_complaint(made.id, answer="It is up to date now.", by=BY, at=now())
        assert assistance.close_complaint(made.id, outcome="corrected", by=BY, at=now()).state == "closed"


def test_a_breach_of_law_is_told_and_an_authority_hears_only_where_a_law_obliges(make_customer: MakeCustomer) -> None:
    with tenancy.scope(make_customer(agreement="imagino-policy")) as customer:
        made = assistance.find_breach_of_law(law="Art. 6 GDPR", what="contacts without consent", by=BY, at=now())
        assert made.clause == "IG-2.breach-of-law"
        with pytest.raises(assistance.AssistanceFormError):
            assistance.inform_authority(made.id, authority="CNIL", obliged_by="", by=BY, at=now())
        assistance.inform_authority(made.id, authority="CNIL", obliged_by="some act, section 3", by=BY, at=now())
        dispatched(customer, f"finding:{made.id}")
        assert assistance.corrected(made.id, by=BY, at=now()).informed_at is not None
        assert {("breach-of-law.found", made.clause), ("breach-of-law.authority", made.clause)} <= set(entries())
