"""Addresses outside any console. Those inside are in `console.urls` and `provider.urls`; see `place`."""

from django.urls import include, path

from parley.web import health, problems, sign_in
from parley.web.public import exports, preferences

urlpatterns = [
    path("", sign_in.door, name="door"),
    path("alive", sign_in.alive, name="alive"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("exports/<slug:handle>/<str:token>", exports.fetch, name="export-link"),
    path("log/", include("parley.web.log.urls")),
    path("preferences/<slug:handle>/<str:token>", preferences.preferences, name="preferences"),
    path("rights/", include("parley.web.public.rights_urls")),
    path("end/", include("parley.web.public.departure_urls")),
    path("subprocessors/", include("parley.web.public.urls")),
]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.failed
