"""Clauses about people with access: who they are, what binds them, that somebody looks again; breaches of law."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tests.support.installation import tenancy
from tests.support.left_evidence import entries, kinds_of

from parley.governance.access import api as access
from parley.governance.assistance import api as assistance
from parley.obligations import api as obligations
from parley.people import api as people

STAFF = UUID(int=7)


def now() -> datetime:
    return datetime.now(UTC)


def accounts() -> list[access.Account]:
    return [
        access.Account(user_id=one.id, role=one.role, active=one.is_active, last_sign_in=one.last_login)
        for one in people.accounts()
    ]


def reviewed(customer: tenancy.Customer) -> access.ReviewView:
    """The provider reviews its staff, and the customer in scope hears of it."""
    provider = tenancy.provider()
    with tenancy.scope(provider):
        email = f"{uuid4().hex[:8]}@provider.example"
        people.create_user(email=email, name="Op", password="seven-quiet-lanterns", role="operator")
        judged = [access.Judgement(account=one, decision="keep") for one in accounts()]
        held = access.hold_review(accounts=accounts(), judgements=judged, roles=people.ROLES, by=STAFF, at=now())
    for one in (provider, customer):
        obligations.run_due(one, handlers=access.handlers(), now=now() + timedelta(seconds=1))
    return held


def next_review(held: access.ReviewView) -> obligations.DutyView:
    duty = obligations.duty(f"access-review-held:{held.id}:next-review")
    assert duty is not None
    return duty


def test_kv_5_security_the_staff_is_reviewed_and_the_next_review_dated(under):
    """control.access-review: the staff is specifically authorised, and looked at again every three months."""
    with under("kavkom-dpa") as customer:
        held = reviewed(customer)
        assert next_review(held).due == held.next_due
        assert "access.reviewed" in kinds_of("KV-X.staff-access")


def test_kv_2_persons_who_is_authorised_is_decided_anew(under):
    """control.access-review and gate.staff-access: an authorised person is one with a running grant."""
    with under("kavkom-dpa") as customer:
        held = reviewed(customer)
        assert access.last_staff_review() == held
        with pytest.raises(access.AccessRefused):
            access.look(staff_id=STAFF, what="recordings", at=now())


def test_ix_4_persons_access_is_reviewed_and_nobody_of_the_staff_looks(under):
    """control.access-review and gate.staff-access: the provider has no purpose of its own in the content."""
    with under("ixcloud-dpa", custody="customer-held") as customer:
        assert next_review(reviewed(customer)).waiting
        with pytest.raises(access.AccessRefused) as refusal:
            access.ask_access(
                staff_id=STAFF, staff_name="Olga Op", offering="call-recording", reason="A call does not play.",
                case="C-1", minutes=5, at=now(),
            )  # fmt: skip
        assert refusal.value.clause == "IX-2.purpose"


def test_im_3b_confidentiality_what_binds_each_role_stands_in_the_register(under):
    """control.handlers: each entry says what binds it to confidentiality, and since when."""
    role = f"Support {uuid4().hex[:6]}"
    access.enter_handler(
        kind="employees", name=role, does="second-level support", bound_by="undertaking of 2 March 2026",
        since=date(2026, 3, 2), by=STAFF, at=now(),
    )  # fmt: skip
    with under("imagicle-dpa"):
        (found,) = [one for one in access.handlers_register(on=date(2026, 3, 3)) if one.name == role]
        assert found.bound_by == "undertaking of 2 March 2026"
        assert found.name not in {one.name for one in access.handlers_register(on=date(2026, 3, 1))}


def test_ig_2_breach_of_law_the_customer_is_informed_and_authorities_only_as_obliged(under):
    """control.findings: told by mail and on its page; no authority without a provision that obliges."""
    with under("imagino-policy"):
        made = assistance.find_breach_of_law(law="Art. 6 GDPR", what="no consent", by=STAFF, at=now())
        with pytest.raises(assistance.AssistanceFormError):
            assistance.inform_authority(made.id, authority="CNIL", obliged_by="", by=STAFF, at=now())
        assistance.inform_authority(made.id, authority="CNIL", obliged_by="section 3", by=STAFF, at=now())
        assistance.informed(made.id, by="mail", at=now())
        assert assistance.corrected(made.id, by=STAFF, at=now()).state == "corrected"
        steps = {"found", "authority", "informed", "corrected"}
        assert {f"breach-of-law.{word}" for word in steps} <= set(kinds_of("IG-2.breach-of-law"))


def test_ux_3_use_who_came_in_and_who_was_locked_out_leaves_evidence(under):
    """control.roles: access by credentials of one's own, each account with its evidence."""
    with under("ucx-terms"):
        made = people.create_user(email="ada@example.org", name="Ada", password="seven-quiet-lanterns", role="user")
        for _ in range(5):
            with pytest.raises(people.SignInRefused):
                people.authenticate(email=made.email, password="wrong", address="192.0.2.1", at=now())
        with pytest.raises(people.SignInLocked):
            people.authenticate(email=made.email, password="seven-quiet-lanterns", address="192.0.2.1", at=now())
        assert {"person.created", "person.locked-out"} <= {kind for kind, _ in entries()}
