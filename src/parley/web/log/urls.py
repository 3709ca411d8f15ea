"""Addresses below a log's prefix, mounted at `/log/`: exactly those of c2sp.org/tlog-tiles, no other spelling."""

from django.urls import re_path

from parley.web.log import views

_LOG = r"^(?P<log_id>[A-Za-z0-9-]{1,64})/"
_NUMBER = r"(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?$"

urlpatterns = [
    re_path(_LOG + r"checkpoint$", views.checkpoint, name="checkpoint"),
    re_path(_LOG + r"tile/entries/" + _NUMBER, views.entries, name="entries"),
    re_path(_LOG + r"tile/(?P<level>0|[1-9][0-9]?)/" + _NUMBER, views.tile, name="tile"),
]
