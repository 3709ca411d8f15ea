"""Addresses within one customer's console, below /c/<handle>/."""

from django.urls import path

from parley.web import problems, sign_in
from parley.web.console import (
    access,
    assistance,
    attestations,
    audits,
    contract,
    evidence,
    home,
    incidents,
    instructions,
    live,
    obligations,
    promises,
    recordings,
    rehearsal,
    rights,
    subprocessors,
)
from parley.web.rest.api import rest

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("recordings/", recordings.listing, name="recordings"),
    path("recordings/<uuid:recording_id>/", recordings.recording, name="recording"),
    path("live/", live.live, name="live"),
    path("promises/", promises.promises, name="promises"),
    path("promises/<path:clause>/", promises.promise, name="promise"),
    path("obligations/", obligations.listing, name="obligations"),
    path("obligations/table.csv", obligations.table, name="obligations-table"),
    path("obligations/<uuid:duty_id>/", obligations.obligation, name="obligation"),
    path("audit/", evidence.trail, name="audit"),
    path("audit/<uuid:entry_id>/", evidence.entry, name="entry"),
    path("audits/", audits.listing, name="audits"),
    path("audits/ask", audits.ask, name="audit-ask"),
    path("audits/<uuid:audit_id>/", audits.audit, name="audit-request"),
    path("audits/packs/<uuid:pack_id>/", audits.pack, name="pack"),
    path("audits/packs/<uuid:pack_id>/progress", audits.progress, name="pack-progress"),
    path("audits/packs/<uuid:pack_id>/file", audits.pack_file, name="pack-file"),
    path("attestations/", attestations.listing, name="attestations"),
    path("contract/", contract.page, name="contract"),
    path("contract/texts/<uuid:signature_id>", contract.text, name="signed-text"),
    path("contract/annexes/<uuid:transfer_id>/", contract.annexes, name="annexes"),
    path("instructions/", instructions.listing, name="instructions"),
    path("instructions/<uuid:instruction_id>/", instructions.instruction, name="instruction"),
    path("subprocessors/", subprocessors.listing, name="subprocessors"),
    path("subprocessors/changes/<uuid:change_id>/", subprocessors.change, name="subprocessor-change"),
    path("access/", access.listing, name="staff-access"),
    path("access/banner", access.banner, name="staff-access-banner"),
    path("access/review/", access.review, name="access-review"),
    path("access/keys/", access.keys, name="keys"),
    path("access/keys/<uuid:challenge_id>/word.age", access.key_word, name="key-word"),
    path("access/handlers/", access.handlers, name="handlers"),
    path("access/<uuid:access_id>/", access.one, name="staff-access-one"),
    path("assistance/", assistance.overview, name="assistance"),
    path("assistance/<uuid:assessment_id>/", assistance.assessment, name="assessment"),
    path("assistance/<uuid:assessment_id>/record.json", assistance.record, name="assessment-record"),
    path("rights/", rights.desk, name="rights"),
    path("rights/enter", rights.enter, name="rights-enter"),
    path("rights/<uuid:request_id>/", rights.one, name="right-request"),
    path("rights/<uuid:request_id>/found/<slug:store>/", rights.found, name="right-found"),
    path("rights/<uuid:request_id>/progress", rights.progress, name="right-progress"),
    path("api/v1/", rest.urls),
    path("rehearsal/", rehearsal.rehearsal, name="rehearsal"),
    path("incidents/", incidents.listing, name="incidents"),
    path("incidents/register.csv", incidents.register, name="incident-register"),
    path("incidents/<uuid:incident_id>/", incidents.incident, name="incident"),
    path("incidents/<uuid:incident_id>/letters", incidents.letters, name="incident-letters"),
    path("incidents/<uuid:incident_id>/notices/<int:notice>.eml", incidents.notice_file, name="incident-notice"),
]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.failed
