"""Clauses that staff access, key procedures, impact assessments, disclosures and complaints keep."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.support.installation import tenancy
from tests.support.left_evidence import entries, kinds_of

from parley.governance.access import api as access
from parley.governance.assistance import api as assistance
from parley.governance.contract import api as contract
from parley.mail import api as mail
from parley.obligations import api as obligations

OFFICER, STAFF = UUID(int=8), UUID(int=7)
MINUTE = timedelta(minutes=1)


def now() -> datetime:
    return datetime.now(UTC)


def ask(at, *, minutes=60):
    return access.ask_access(
        staff_id=STAFF, staff_name="Olga Op", offering="call-recording", reason="A call does not play, look why.",
        case="C-1", minutes=minutes, at=at,
    )  # fmt: skip


def gate(at):
    decision = contract.ask("support-access", at=at, person=str(STAFF))
    return "" if decision.allowed else decision.clause


def test_kv_x_staff_access_consent_is_asked_where_the_agreement_says_so(under):
    """control.staff-access, control.access-review and gate.staff-access."""
    with under("kavkom-dpa"):
        at = now()
        asked = ask(at)
        assert (asked.state, asked.consent_needed, gate(at)) == ("asked", True, "KV-2.instructions")
        access.consent(asked.id, by=OFFICER, at=at)
        assert gate(at) == ""
        assert gate(at + 61 * MINUTE) != ""
        access.look(staff_id=STAFF, what="recordings", at=at + MINUTE)
        access.end(asked.id, by=OFFICER, party="customer", at=at + 2 * MINUTE)
        assert gate(at + 2 * MINUTE) != ""
        assert {"staff-access.requested", "staff-access.granted"} & {kind for kind, _ in entries()}


def test_im_x_staff_access_begins_at_once_and_is_shown(under):
    """control.staff-access, control.access-review, gate.staff-access and obligation.access-review."""
    with under("imagicle-dpa"):
        at = now()
        asked = ask(at, minutes=30)
        assert asked.state == "active"
        assert gate(at) == ""
        assert gate(at + 31 * MINUTE) == "IM-X.staff-access"
        reviews = [duty for duty in obligations.duties(limit=200) if duty.event_kind == "staff-access-granted"]
        assert any(duty.key.endswith(":review") for duty in reviews)


def test_im_4_purposes_support_is_for_the_activated_product(under):
    """gate.staff-access and control.evidence: a look leaves an entry with its clause."""
    with under("imagicle-dpa"):
        at = now()
        ask(at)
        access.look(staff_id=STAFF, what="recordings", at=at)
        assert contract.ask("support-access", at=at, person=str(STAFF), offering="fax").clause == "IM-X.staff-access"
        assert any(kind.startswith("staff-access") for kind, _ in entries())


def test_ig_2_hosting_looking_needs_the_users_express_word(under):
    """control.staff-access and gate.staff-access: refused for the provider on its own."""
    with under("imagino-policy"):
        assert gate(now()) in ("IG-2.role", "IG-2.hosting")
        with pytest.raises(access.AccessRefused):
            access.look(staff_id=STAFF, what="recordings", at=now())


@pytest.mark.parametrize(
    ("agreement", "clause"), [("imagicle-dpa", "IM-5.handlers"), ("imagino-policy", "IG-5.employees")]
)
def test_im_5_handlers_are_in_a_dated_register(under, agreement, clause):
    """control.handlers: employees, subsidiaries, providers and media."""
    assert clause in access.HANDLER_CLAUSES
    name = f"Milan office {uuid4().hex[:6]}"
    with tenancy.scope(tenancy.provider()):
        access.enter_handler(
            kind="subsidiary", name=name, country="AE", does="support in the evening",
            bound_by="contract of 3 March 2026", since=date(2026, 3, 3), by=STAFF, at=now(),
        )  # fmt: skip
        access.enter_handler(
            kind="medium",
            name=f"USB keys {name}",
            does="installation media",
            since=date(2026, 3, 3),
            by=STAFF,
            at=now(),
        )
    with under(agreement):
        found = {one.name: one for one in access.handlers_register(on=date(2026, 4, 1))}
        assert found[name].country == "AE"
        assert f"USB keys {name}" in found


def test_ig_5_employees_those_who_need_it_are_registered_with_what_binds_them(under):
    """control.handlers: the list of any day, with roles and not with names."""
    role = f"Personnel {uuid4().hex[:6]}"
    with tenancy.scope(tenancy.provider()):
        access.enter_handler(
            kind="employees", name=role, does="files of employees", bound_by="undertaking of 2 March 2026",
            since=date(2026, 3, 3), by=STAFF, at=now(),
        )  # fmt: skip
    with under("imagino-policy"):
        assert role not in {one.name for one in access.handlers_register(on=date(2026, 3, 2))}
        (found,) = [one for one in access.handlers_register(on=date(2026, 3, 3)) if one.name == role]
        assert found.bound_by.startswith("undertaking")


def test_im_3c_security_keys_are_rotated_and_the_former_still_opens(under):
    """control.key-procedures."""
    with under("imagicle-dpa") as customer:
        event = access.rotate_keys(by=OFFICER, party="customer", at=now())
        assert event.before == customer.recipients != event.after
        assert access.drill(by=STAFF, party="provider", at=now()).what == "drill-passed"


def test_ix_5_encryption_a_loss_of_keys_is_declared_and_its_consequence_said(under):
    """control.key-procedures and control.sealed-on-receipt: what nobody holds, nobody opens."""
    with under("ixcloud-dpa", custody="customer-held") as customer:
        event = access.declare(
            what="loss", concerned=customer.recipients, by=OFFICER, party="customer", at=now(), note="Safe was flooded."
        )
        assert event.what == "loss"
        assert event.consequence


@pytest.mark.parametrize("agreement", ["imagicle-dpa", "kavkom-dpa", "ixcloud-dpa", "ucx-terms"])
def test_a_likely_high_risk_is_told_under_every_agreement(under, agreement):
    with under(agreement):
        found = assistance.check(what=assistance.processing(), at=now())
        assert found is not None
        assert obligations.duty(f"assessment-needed:{found.id}:tell-customer") is not None


def assessed(under, agreement, clause):
    with under(agreement):
        found = assistance.check(what=assistance.processing(), at=now())
        assert found.clause == clause
        assert any("impact assessment" in message.subject for message in mail.messages())
        done = assistance.save_assessment(
            found.id, answers=dict.fromkeys(assistance.QUESTIONS, "yes"), measures="sealed", residual="high",
            consultation="asked the authority", finish=True, by=OFFICER, at=now(),
        )  # fmt: skip
        assert done.consultation == "asked the authority"
        assert "assessment.finished" in kinds_of(clause)


def test_im_3f_dpia_the_risk_is_found_told_and_assessed(under):
    """control.impact-assessment and obligation.high-risk, prior consultation included."""
    assessed(under, "imagicle-dpa", "IM-3f.dpia")


def test_kv_2_dpia_the_risk_is_found_told_and_assessed(under):
    """control.impact-assessment and obligation.high-risk."""
    assessed(under, "kavkom-dpa", "KV-2.dpia")


def test_ix_9_dpia_the_risk_is_found_told_and_assessed(under):
    """control.impact-assessment and obligation.high-risk."""
    assessed(under, "ixcloud-dpa", "IX-9.dpia")


def test_ux_6_processing_help_with_impact_assessments(under):
    """control.impact-assessment."""
    assessed(under, "ucx-terms", "UX-6.processing")


def demanded(**more):
    return assistance.receive_demand(
        asker=more.pop("asker", "authority"), asker_name="Prosecutor at Lucca", ground="Art. 256 c.p.p.",
        scope="calls of 3 March", intended_at=now() + timedelta(days=5), by=STAFF, at=now(), **more,
    )  # fmt: skip


def test_ix_0_law_a_demand_by_a_law_is_recorded_with_its_ground(under):
    """control.disclosures: nothing leaves before the customer was told."""
    with under("ixcloud-dpa"):
        made = demanded()
        with pytest.raises(assistance.NotYet):
            assistance.hand_over(made.id, manifest="3 sealed recordings", by=STAFF, at=now())
        assistance.told_customer(made.id, by="phone", at=now())
        assistance.hand_over(made.id, manifest="3 sealed recordings", by=STAFF, at=now())
        (shown,) = assistance.disclosures(at=now(), for_customer=True)
        assert shown.manifest == "3 sealed recordings"


@pytest.mark.parametrize("asker", assistance.ASKERS)
def test_ig_1_disclosure_each_is_recorded_whoever_asked(under, asker):
    """control.disclosures: authorities, claimants, providers, a successor in a sale or merger."""
    with under("imagino-policy"):
        made = demanded(asker=asker)
        assistance.told_customer(made.id, by="phone", at=now())
        assistance.hand_over(made.id, manifest="list of contacts", by=STAFF, at=now())
        assert [one.asker for one in assistance.disclosures(at=now(), for_customer=True)] == [asker]
        assert "disclosure.made" in {kind for kind, _ in entries()}


def complained(under, agreement):
    with under(agreement):
        made = assistance.register_complaint(
            source="person", contact="ada@example.org", about="I was recorded without being told.",
            received_at=now(), by=STAFF, at=now(),
        )  # fmt: skip
        assert any("complaint" in message.subject for message in mail.messages())
        assistance.forwarded(made.id, by="mail", at=now())
        assistance.answer_complaint(made.id, answer="We passed it on.", by=STAFF, at=now())
        return assistance.close_complaint(made.id, outcome="explained", by=STAFF, at=now())


def test_im_9_rights_a_complaint_is_registered_and_answered(under):
    """control.complaints."""
    assert complained(under, "imagicle-dpa").state == "closed"


def test_ix_8_rights_a_complaint_is_passed_on_with_its_details(under):
    """control.complaints."""
    assert complained(under, "ixcloud-dpa").clause == "IX-8.rights"


def test_ig_6_versions_complaints_go_to_the_officer_first(under):
    """control.complaints."""
    assert complained(under, "imagino-policy").state == "closed"
