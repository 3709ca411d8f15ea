"""Addresses within one customer's console, below /c/<handle>/."""

from django.urls import path

from parley.web import problems, sign_in
from parley.web.console import (
    attestations,
    audits,
    evidence,
    home,
    live,
    obligations,
    promises,
    recordings,
    rehearsal,
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
    path("subprocessors/", subprocessors.listing, name="subprocessors"),
    path("subprocessors/changes/<uuid:change_id>/", subprocessors.change, name="subprocessor-change"),
    path("api/v1/", rest.urls),
    path("rehearsal/", rehearsal.rehearsal, name="rehearsal"),
]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.failed
