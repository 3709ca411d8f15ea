"""The clauses that we wrote where the texts are silent: the same under every agreement, each with its own clause."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.breaches import CRITERIA, declare, furnish, office, turns
from tests.support.installation import tenancy
from tests.support.subprocessors import OFFICER, STAFF, entry

from parley.governance.access import api as access
from parley.governance.assistance import api as assistance
from parley.governance.audits import api as audits
from parley.governance.contract import api as contract
from parley.governance.incidents import api as incidents
from parley.governance.instructions import api as instructions
from parley.governance.subprocessors import api as subprocessors
from parley.obligations import api as obligations

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def suspended_for_misuse(under, agreement, clause):
    with under(agreement):
        asked = now()
        found = instructions.report_misuse(kind="malware", text="Seen on trunk 3.", by=STAFF, at=asked)
        assert (found.clause, found.may_suspend_at) == (clause, asked + DAY)
        assert obligations.duty(f"misuse-found:{found.id}:may-suspend").clause == clause
        instructions.suspend(found.id, by=STAFF, at=asked + DAY)
        assert contract.ask("record-calls", at=asked + DAY).clause == clause
        assert contract.ask("play-recordings", at=asked + DAY).allowed


def test_im_x_suspension_after_a_day(under):
    """control.acceptable-use, obligation.misuse and gate.suspension."""
    suspended_for_misuse(under, "imagicle-dpa", "IM-X.suspension")


def test_kv_x_suspension_after_a_day(under):
    """control.acceptable-use, obligation.misuse and gate.suspension."""
    suspended_for_misuse(under, "kavkom-dpa", "KV-X.suspension")


def test_ix_x_suspension_after_a_day(under):
    """control.acceptable-use, obligation.misuse and gate.suspension."""
    suspended_for_misuse(under, "ixcloud-dpa", "IX-X.suspension")


def suspended_as_infringing(under, agreement, clause):
    with under(agreement):
        details = instructions.Details(region="cn")
        given = instructions.give(
            purpose="record-calls", text="Copies to Shenzhen.", details=details, by=OFFICER, at=now()
        )
        assert (given.state, given.clause) == ("suspended", clause)
        assert contract.ask("record-calls", at=now()).clause == clause
        assert obligations.duty(f"instruction-suspended:{given.id}:tell-customer").clause == clause
        instructions.give(purpose="record-calls", text="Copies stay here.", by=OFFICER, at=now())
        assert contract.ask("record-calls", at=now()).allowed


def test_im_x_infringing_rests_until_modified(under):
    """control.instructions, gate.instruction and obligation.infringing."""
    suspended_as_infringing(under, "imagicle-dpa", "IM-X.infringing")


def test_ix_x_infringing_rests_until_modified(under):
    """control.instructions, gate.instruction and obligation.infringing."""
    suspended_as_infringing(under, "ixcloud-dpa", "IX-X.infringing")


def test_ux_x_infringing_rests_until_modified(under):
    """control.instructions, gate.instruction and obligation.infringing."""
    suspended_as_infringing(under, "ucx-terms", "UX-X.infringing")


def compelled(under, agreement, clause):
    with under(agreement):
        starts = now() + 2 * DAY
        made = instructions.compelled(law="some act", text="Calls of May.", processing_at=starts, by=STAFF, at=now())
        duty = obligations.duty(f"compulsion-received:{made.id}:tell-customer")
        assert (duty.clause, duty.due) == (clause, starts)


def test_kv_x_compulsion_is_told_before_it_starts(under):
    """control.instructions and obligation.compulsion."""
    compelled(under, "kavkom-dpa", "KV-X.compulsion")


def test_ix_x_compulsion_is_told_before_it_starts(under):
    """control.instructions and obligation.compulsion."""
    compelled(under, "ixcloud-dpa", "IX-X.compulsion")


def test_ux_x_compulsion_is_told_before_it_starts(under):
    """control.instructions and obligation.compulsion."""
    compelled(under, "ucx-terms", "UX-X.compulsion")


def demanded(under, agreement, clause):
    with under(agreement):
        made = assistance.receive_demand(
            asker="court", asker_name="Court at Lucca", ground="Art. 256 c.p.p.", scope="calls of 3 March",
            intended_at=now() + 5 * DAY, by=STAFF, at=now(),
        )  # fmt: skip
        assert obligations.duty(f"compulsion-received:{made.id}:tell-customer").clause == clause
        with pytest.raises(assistance.NotYet):
            assistance.hand_over(made.id, manifest="3 recordings", by=STAFF, at=now())


def test_ix_x_compulsion_nothing_is_handed_over_before(under):
    """control.disclosures."""
    demanded(under, "ixcloud-dpa", "IX-X.compulsion")


def test_ig_x_compulsion_nothing_is_handed_over_before(under):
    """control.disclosures and obligation.compulsion."""
    demanded(under, "imagino-policy", "IG-X.compulsion")


def noticed(under, turn, server, agreement):
    """A change that was announced; dispatched by mail, received by assumption three days later."""
    with under(agreement) as customer:
        new = entry()
        change = subprocessors.announce(new, planned_start=now() + DAY, at=now(), by=STAFF)
        turn(customer)
        seen = subprocessors.change(change, at=now())
        assert server.to(f"office@{customer.handle}.example")
        if contract.binding().agreement.terms.subprocessors.counted_from == "receipt":
            days = (seen.received_at - seen.dispatched_at).total_seconds() / 86_400
            assert (seen.received_how, 2.9 < days < 3.1) == ("assumed", True)
        else:
            assert seen.received_how == "update"
        assert subprocessors.entry(new.key).status == "planned"
        assert not contract.ask("export-data", at=now() + DAY, recipient=new.key).allowed


def test_im_x_notices_dispatched_and_assumed(under, turn, server):
    """control.mail and obligation.subprocessor-windows."""
    noticed(under, turn, server, "imagicle-dpa")


def test_kv_x_notices_dispatched_and_assumed(under, turn, server):
    """control.mail and obligation.subprocessor-windows."""
    noticed(under, turn, server, "kavkom-dpa")


def test_ix_x_notices_dispatched_while_the_update_counts(under, turn, server):
    """control.mail and obligation.subprocessor-windows."""
    noticed(under, turn, server, "ixcloud-dpa")


def test_ig_x_notices_dispatched_and_assumed(under, turn, server):
    """control.mail and obligation.subprocessor-windows."""
    noticed(under, turn, server, "imagino-policy")


def test_ux_x_notices_dispatched_and_assumed(under, turn, server):
    """control.mail and obligation.subprocessor-windows."""
    noticed(under, turn, server, "ucx-terms")


def test_ig_x_sub_processors_the_register_has_the_planned_one(under, turn, server):
    """control.subprocessor-register and gate.egress."""
    noticed(under, turn, server, "imagino-policy")


def test_ux_x_sub_processors_the_register_has_the_planned_one(under, turn, server):
    """control.subprocessor-register and gate.egress."""
    noticed(under, turn, server, "ucx-terms")


def told(make_customer, server, agreement, clause):
    customer = make_customer(agreement=agreement)
    furnish(customer, recordings=1)
    criteria = incidents.Criteria(since=CRITERIA.since, until=CRITERIA.until, customers=(customer.handle,))
    incident = declare(criteria=criteria)
    turns([customer], server=server)
    assert clause in server.to(office(customer))[-1].text
    with tenancy.scope(customer):
        notify = obligations.duty(f"incident-known:{incident}:notify")
        assert (notify.clause, notify.due - incidents.affair(incident).known_at) == (clause, DAY)
    assert incident in {one.id for one in incidents.register()}


def test_ig_x_breach_within_24_hours(make_customer, server):
    """control.incident-notices, control.breach-register and obligation.breach-notice."""
    told(make_customer, server, "imagino-policy", "IG-X.breach")


def test_ux_x_breach_within_24_hours(make_customer, server):
    """control.incident-notices, control.breach-register and obligation.breach-notice."""
    told(make_customer, server, "ucx-terms", "UX-X.breach")


def audited(under, agreement, clause):
    with under(agreement):
        given = {"reason": "", "scope": "logs", "auditor": "Auditors", "by": OFFICER, "at": now()}
        soon = audits.ask(cause="none", wanted_at=now() + 5 * DAY, **given)
        assert (soon.decision.granted, soon.decision.clause) == (False, clause)
        assert audits.ask(cause="authority", wanted_at=now() + DAY, **given).decision.granted
        assert audits.ask_pack(scope="newest", by=OFFICER, at=now()).state != "ready"


def test_ig_x_audit_with_notice_and_an_authority_at_any_time(under):
    """control.audit-requests, control.audit-pack and obligation.audit-notice."""
    audited(under, "imagino-policy", "IG-X.audit")


def test_ux_x_audit_with_notice_and_an_authority_at_any_time(under):
    """control.audit-requests, control.audit-pack and obligation.audit-notice."""
    audited(under, "ucx-terms", "UX-X.audit")


def test_ux_x_staff_access_begins_at_once_and_ends_by_itself(under):
    """control.staff-access, control.access-review and gate.staff-access."""
    with under("ucx-terms"):
        at = now()
        person = UUID(int=7)
        access.ask_access(
            staff_id=person, staff_name="Olga Op", offering="call-recording", reason="A call does not play.",
            case="C-1", minutes=30, at=at,
        )  # fmt: skip
        assert contract.ask("support-access", at=at, person=str(person)).allowed
        assert contract.ask("support-access", at=at + HOUR, person=str(person)).clause == "UX-X.staff-access"
        reviews = [duty for duty in obligations.duties(limit=200) if duty.event_kind == "access-review-held"]
        assert reviews


def test_ix_x_staff_access_is_never_given_for_recordings_and_still_reviewed(under):
    """control.staff-access, control.access-review and obligation.access-review: the purpose is closed."""
    with under("ixcloud-dpa"):
        with pytest.raises(access.AccessRefused):
            access.look(staff_id=STAFF, what="recordings", at=now())
        reviews = [duty for duty in obligations.duties(limit=200) if duty.event_kind == "access-review-held"]
        assert {duty.clause for duty in reviews} == {"IX-X.staff-access"}
