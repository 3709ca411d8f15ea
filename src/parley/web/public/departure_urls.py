"""Addresses of the page about the end of a contract, mounted at `/end/`."""

from django.urls import path

from parley.web.public import departure

urlpatterns = [
    path("<str:token>", departure.page, name="departure-page"),
    path("<str:token>/progress", departure.progress, name="departure-page-progress"),
    path("<str:token>/exports/<uuid:return_id>", departure.package, name="departure-package"),
    path("<str:token>/statements/<int:number>.json", departure.statement, name="departure-page-statement"),
    path("<str:token>/certificate/<slug:form>", departure.certificate, name="departure-page-certificate"),
]
