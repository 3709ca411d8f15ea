"""Addresses of the portal by which persons ask for their rights, mounted at `/rights/`."""

from django.urls import path

from parley.web.public import rights

urlpatterns = [
    path("<slug:handle>/", rights.portal, name="rights-portal"),
    path("<slug:handle>/ask/", rights.ask, name="rights-ask"),
    path("<slug:handle>/follow/<str:token>/", rights.follow, name="rights-follow"),
]
