"""Addresses within the provider's console, below /provider/."""

from django.urls import path

from parley.web import problems, sign_in
from parley.web.provider import customers

urlpatterns = [
    path("", customers.listing, name="customers"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("customers/<slug:handle>/", customers.customer, name="customer"),
]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.failed
