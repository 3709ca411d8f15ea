"""The clauses on how long data stays and how it leaves: rules and holds, backups, the end of the contract."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.support.departures import move
from tests.support.installation import tenancy
from tests.support.persons import long_work, officer
from tests.support.recorded_rows import add_recording

from parley.agreement.api import Span, end_instants
from parley.backups import api as backups
from parley.exports import api as exports
from parley.governance.contract import api as contract
from parley.inventory.api import ExportOptions, stores
from parley.lifecycle import api as lifecycle
from parley.lifecycle.rules import LEAD
from parley.retention import api as retention

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NUMBER = "+442079460123"


def now() -> datetime:
    return datetime.now(UTC)


def a_recording(*, days_ago: int = 400) -> UUID:
    return add_recording(at=now() - days_ago * DAY, numbers=[NUMBER])


def recordings_left() -> int:
    return len(stores()["recordings"].every())


def held_record(recording):
    return next(one for one in stores()["recordings"].every() if one.id == recording)


def ruled(under, agreement, clause):
    """The customer sets a rule between its limits, and what is older goes with evidence; a hold keeps the rest."""
    with under(agreement) as customer:
        by = officer()
        old, held = a_recording(), a_recording(days_ago=500)
        limits = retention.limits("recordings", "recording")
        assert (limits.controlled_by, limits.clause) == ("customer", clause)
        hold = retention.place_hold(
            title="Dispute", ground="a court case", owner=by, review_at=now() + 30 * DAY, by=by, at=now(),
            records=[held_record(held)],
        )  # fmt: skip
        retention.set_rule(store="recordings", kind="recording", keep=Span(1, "years"), by=by, at=now())
        long_work(customer, at=now() + 2 * DAY)
        assert [one.id for one in stores()["recordings"].every()] == [held]
        assert old != held
        with pytest.raises(retention.UseRestricted):
            retention.require_usable("recordings", held_record(held))
        retention.lift_hold(hold.id, reason="settled", by=by, at=now())
        gone = retention.dispose([held_record(held)], cause="customer", reference="by hand", at=now(), by=str(by))
        assert (gone.erased.records, recordings_left()) == (1, 0)


def test_im_8_retention_the_customer_controls_and_deletes(under):
    """control.retention and control.holds."""
    ruled(under, "imagicle-dpa", "IM-8.retention")


def test_ix_x_retention_the_customer_controls_and_deletes(under):
    """control.retention and control.holds."""
    ruled(under, "ixcloud-dpa", "IX-X.retention")


def test_ig_x_retention_the_customer_controls_and_deletes(under):
    """control.retention."""
    ruled(under, "imagino-policy", "IG-X.retention")


def test_ux_x_retention_the_customer_controls_and_deletes(under):
    """control.retention."""
    ruled(under, "ucx-terms", "UX-X.retention")


def test_kv_9_customer_deletes_data_past_its_longest_time(under):
    """control.retention: a rule of the customer's own, carried out by night."""
    ruled(under, "kavkom-dpa", "KV-1.duration")


def test_kv_1_duration_deletable_and_exportable_at_any_time_gone_after_the_end(under):
    """control.retention, control.exports and control.lifecycle."""
    with under("kavkom-dpa") as customer:
        wanted = exports.start(
            title="All", reason="everything", subject=None, records=(), options=ExportOptions(formats=("csv",)),
            by=str(officer()), clause="KV-1.duration", at=now(), key="all",
        )  # fmt: skip
        long_work(customer)
        assert exports.get(wanted).state == "ready"
        recording = a_recording()
        retention.dispose([held_record(recording)], cause="customer", reference="by hand", at=now(), by="test")
        assert recordings_left() == 0
        phases = lifecycle.supposed(ends_at=now()).phases
    assert [one.key for one in phases][-1] == "gone"
    assert phases[-1].starts <= now() + 30 * DAY


@contextmanager
def left(under, agreement, **more):
    """The contract ends now; what was in it is followed to the certificate by the block."""
    with under(agreement, **more) as customer:
        at = now()
        lifecycle.end(at=at, by="test", ends_at=None, choice="delete", reason="moving on")
        term, zone = contract.binding().agreement.terms.end, contract.order().zone
    move(at)
    departure = lifecycle.departure_of(customer.id)
    yield customer, departure, end_instants(term, at, zone=zone)


def certified(departure, when):
    move(when.destroy - LEAD)
    for _ in range(3):
        move(when.destroy)
    return lifecycle.certificate(departure.id)


def gone_by(under, agreement, clause):
    with left(under, agreement) as (customer, departure, when):
        move(when.access)
        states = [lifecycle.departure(departure.id).state]
        assert lifecycle.statements(departure.id)
        assert backups.remaining(customer).count
        certificate = certified(departure, when)
        states.append(lifecycle.departure(departure.id).state)
        assert states == ["blocked", "certified"]
        assert certificate is not None
        assert clause in certificate.document
        assert backups.remaining(customer).count == 0
        return certificate


def test_im_3g_end_deleted_with_all_copies(under):
    """control.lifecycle, control.certificate and control.exports: what was chosen, then nothing is left."""
    with under("imagicle-dpa"):
        assert contract.binding().agreement.terms.end.choices == ("delete", "return")
    gone_by(under, "imagicle-dpa", "IM-8.cloud")


def returned(under, agreement):
    """While the backup is kept the customer asks for its data, and gets it by a link."""
    with left(under, agreement) as (_, departure, when):
        move(when.access)
        asked = lifecycle.ask_export(departure.id, channel="page", by="customer", at=when.access + MINUTE)
        move(when.access + MINUTE)
        view = lifecycle.departure(departure.id)
        (made,) = [one for one in view.returns if one.id == asked]
        assert made.state == "ready"
        assert made.expires_at <= when.destroy
        with pytest.raises(lifecycle.DepartureRefused):
            lifecycle.ask_export(departure.id, channel="page", by="customer", at=when.export + DAY)


def test_im_8_cloud_kept_in_backup_and_returned_on_request(under):
    """control.lifecycle, control.backups and control.exports."""
    returned(under, "imagicle-dpa")


def test_ux_11_forgotten_renewed_untouched_returned_and_destroyed(under):
    """control.lifecycle, control.backups and control.exports."""
    with left(under, "ucx-terms") as (customer, _, when), tenancy.scope(tenancy.by_id(customer.id)):
        lifecycle.renew(at=when.renewal - MINUTE, by="test")
        assert contract.ending() is None
    returned(under, "ucx-terms")


def test_kv_8_end_destroyed_within_thirty_days_exported_until_then(under):
    """control.lifecycle and control.exports."""
    returned(under, "kavkom-dpa")
    gone_by(under, "kavkom-dpa", "KV-8.end")


def test_ix_11_end_destroyed_within_fifteen_days_without_return(under):
    """control.lifecycle and control.erasure: no law that binds the provider, nothing stays."""
    with left(under, "ixcloud-dpa") as (_, departure, when):
        with pytest.raises(lifecycle.DepartureRefused):
            lifecycle.ask_export(departure.id, channel="page", by="customer", at=when.access + MINUTE)
        assert when.destroy - when.access <= 15 * DAY
    at, ends = now(), {"cause": "end", "at": now(), "retention_clause": "IX-X.retention", "clause": "IX-11.end"}
    hold = retention.HoldFact(id=UUID(int=1), ground="a court case", binds="customer")
    law = retention.LawFact(key="tax", name="a tax law", binds="provider", until=at + DAY)
    assert retention.decide(retention.Facts(**ends, holds=(hold,))).outcome == "erase"
    assert retention.decide(retention.Facts(**ends, laws=(law,))).outcome != "erase"


def test_ix_a3_certificate_says_what_was_destroyed_and_verifies(under):
    """control.certificate: made when the last copy is gone, with its proof."""
    certificate = gone_by(under, "ixcloud-dpa", "IX-11.end")
    assert certificate.pdf.startswith(b"%PDF")


def test_ig_x_end_deleted_within_thirty_days(under):
    """control.lifecycle and control.certificate."""
    gone_by(under, "imagino-policy", "IG-X.end")


def test_ux_6_processing_deleted_or_returned_at_the_end(under):
    """control.lifecycle: the stricter of the two times that the text names."""
    with under("ucx-terms"):
        phases = lifecycle.supposed(ends_at=now()).phases
        assert phases[-1].starts <= now() + 93 * DAY


def test_im_8_support_what_support_collected_goes_on_its_day(under):
    """control.support-data: three years after the service, by a deadline of the provider's."""
    with left(under, "imagicle-dpa") as (_, departure, when):
        move(when.access)
        certified(departure, when)
        steps = {one.step: one for one in lifecycle.departure(departure.id).steps}
        assert steps["support"].done_at is None
        assert steps["support"].due >= departure.ends_at + 3 * 365 * DAY
        move(steps["support"].due + MINUTE)
        later = {one.step: one for one in lifecycle.departure(departure.id).steps}
        assert later["support"].done_at is not None


def restored_in_time(under, agreement, clause):
    with under(agreement) as customer:
        a_recording()
    backups.take(customer, reason="asked", at=now())
    drill = backups.drill(customer, at=now())
    assert clause in str(drill)
    return drill


def test_kv_5_security_restored_within_a_day(under):
    """control.backups: a drill measures the time to restore."""
    assert restored_in_time(under, "kavkom-dpa", "KV-5.security").rto < DAY


def test_ix_5_resilience_encrypted_objects_are_restored(under):
    """control.backups: sealed copies, restored and compared."""
    restored_in_time(under, "ixcloud-dpa", "")


def test_ux_5_public_rto_four_hours_and_a_day(under):
    """control.backups: time to restore and what may be lost, measured against the promise."""
    drill = restored_in_time(under, "ucx-terms", "UX-5.public-rto")
    assert drill.rto < 4 * DAY / 24
    assert drill.rpo <= DAY
