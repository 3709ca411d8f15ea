"""Addresses within the provider's console, below /provider/."""

from django.urls import path

from parley.web import problems, sign_in
from parley.web.console import people_account, rights
from parley.web.provider import (
    access,
    assistance,
    attestations,
    audits,
    calendar,
    contract,
    customers,
    incidents,
    lifecycle,
    rehearsal,
    subprocessors,
)
from parley.web.provider.rights import forwarded

urlpatterns = [
    path("", customers.listing, name="customers"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-in/factor", sign_in.factor, name="sign-in-factor"),
    path("sign-in/passkey", sign_in.passkey_options, name="sign-in-passkey"),
    path("join/<str:token>", sign_in.join, name="join"),
    path("account/", people_account.account, name="account"),
    path("account/passkey", people_account.passkey_options, name="account-passkey"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("customers/<slug:handle>/", customers.customer, name="customer"),
    path("customers/<slug:handle>/support/", access.support, name="support"),
    path("customers/<slug:handle>/support/ask/", access.ask, name="support-ask"),
    path("customers/<slug:handle>/assistance/", assistance.of_customer, name="customer-assistance"),
    path("departures/", lifecycle.listing, name="departures"),
    path("departures/<uuid:departure_id>/", lifecycle.departure, name="departure"),
    path("departures/<uuid:departure_id>/progress", lifecycle.progress, name="departure-progress"),
    path(
        "departures/<uuid:departure_id>/statements/<int:statement>.json",
        lifecycle.statement,
        name="departure-statement",
    ),
    path(
        "departures/<uuid:departure_id>/certificate/<slug:paper>",
        lifecycle.certificate,
        name="departure-certificate",
    ),
    path("access/", access.docket, name="access-docket"),
    path("access/review/", access.review, name="staff-review"),
    path("access/handlers/", access.handlers, name="provider-handlers"),
    path("rights/", rights.desk, name="rights"),
    path("rights/customers/", forwarded, name="rights-forwarded"),
    path("rights/enter", rights.enter, name="rights-enter"),
    path("rights/<uuid:request_id>/", rights.one, name="right-request"),
    path("rights/<uuid:request_id>/found/<slug:store>/", rights.found, name="right-found"),
    path("rights/<uuid:request_id>/progress", rights.progress, name="right-progress"),
    path("assistance/", assistance.docket, name="assistance-docket"),
    path("customers/<slug:handle>/contract/", contract.page, name="customer-contract"),
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
    path("incidents/", incidents.listing, name="incidents"),
    path("incidents/register.csv", incidents.register, name="incident-register"),
    path("incidents/declare", incidents.declare, name="incident-declare"),
    path("incidents/<uuid:incident_id>/", incidents.incident, name="incident"),
    path("incidents/<uuid:incident_id>/progress", incidents.progress, name="incident-progress"),
    path("incidents/<uuid:incident_id>/customers/", incidents.customers, name="incident-customers"),
    path("incidents/<uuid:incident_id>/customers/<slug:handle>/", incidents.customer, name="incident-customer"),
]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.failed
