"""Addresses within the provider's console, below /provider/."""

from django.urls import path

from parley.web import problems, sign_in
from parley.web.provider import (
    attestations,
    audits,
    calendar,
    customers,
    rehearsal,
    subprocessors,
)

urlpatterns = [
    path("", customers.listing, name="customers"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("customers/<slug:handle>/", customers.customer, name="customer"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/table.csv", calendar.table, name="calendar-table"),
    path("calendar/<slug:handle>/<uuid:duty_id>/", calendar.duty, name="calendar-duty"),
    path("customers/<slug:handle>/audits/<uuid:audit_id>/", audits.audit, name="audit-of"),
    path("audits/", audits.listing, name="audits"),
    path("attestations/", attestations.listing, name="attestations"),
    path("attestations/proofs/<uuid:attestation_id>", attestations.proof, name="attestation-proof"),
    path("attestations/<slug:key>/", attestations.attestation, name="attestation"),
    path("rehearsal/", rehearsal.rehearsal, name="rehearsal"),
    path("subprocessors/", subprocessors.listing, name="subprocessors"),
    path("subprocessors/new/", subprocessors.new, name="subprocessor-new"),
    path("subprocessors/versions/", subprocessors.versions, name="register-versions"),
    path("subprocessors/versions/<int:number>/", subprocessors.version, name="register-version"),
    path("subprocessors/entries/<slug:subprocessor>/", subprocessors.entry, name="subprocessor-entry"),
    path("subprocessors/changes/<uuid:change_id>/", subprocessors.change, name="subprocessor-change"),
    path("subprocessors/changes/<uuid:change_id>/<slug:handle>/", subprocessors.line, name="subprocessor-line"),
]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.failed
