"""Addresses of the public register, mounted at `/subprocessors/`."""

from django.urls import path

from parley.web.public import register

urlpatterns = [
    path("", register.register, name="public-register"),
    path("feed", register.feed, name="public-feed"),
    path("register.json", register.plain, name="public-register-json"),
    path("versions/", register.history, name="public-history"),
    path("versions/<int:number>/", register.version, name="public-version"),
]
