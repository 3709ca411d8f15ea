"""Addresses within one customer's console, below /c/<handle>/."""

from django.urls import path

from parley.web import problems, sign_in
from parley.web.console import agreement, evidence, home, live, recordings
from parley.web.rest.api import rest

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("recordings/", recordings.listing, name="recordings"),
    path("recordings/<uuid:recording_id>/", recordings.recording, name="recording"),
    path("live/", live.live, name="live"),
    path("agreement/", agreement.agreement, name="agreement"),
    path("audit/", evidence.trail, name="audit"),
    path("audit/<uuid:entry_id>/", evidence.entry, name="entry"),
    path("api/v1/", rest.urls),
]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.failed
