"""Directories of contacts and the customer's own fields; duplicates, and how two contacts become one."""

import re
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.contacts import api as contacts
from parley.contacts import exporting
from parley.people import api as people
from parley.tenancy import api as tenancy
from parley.web import contact_words as words
from parley.web.access import sees_everything
from parley.web.filled import Filled
from parley.web.place import inside

_MOST_MERGED: Final = 10
_NOT_KEY: Final = re.compile(r"[^a-z0-9]+")


@sees_everything
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Directories, and the fields that this customer adds to each contact; a POST is the deed named."""
    here, now = inside(request), timezone.now()
    filled = Filled(request.POST.dict())
    if request.method == "POST":
        deed = filled.choice("deed", ("add-directory", "change-directory", "remove-directory", "fields"))
        try:
            _settle(deed, filled, by=str(here.person.id), at=now)
        except contacts.ContactRefused as error:
            filled.wrong[f"{deed}.{filled.values.get('directory', '')}".rstrip(".")] = (
                f"{error.args[0]}. {error.remedy}"
            )
        if not filled.wrong:
            return HttpResponseRedirect(reverse("contact-settings"))
    seen = [one for one in contacts.directories(viewer=here.viewer, count=True) if one.kind != "personal"]
    groups = dict(people.Group.objects.values_list("id", "name"))
    context = {
        "here": "contacts", "wrong": filled.wrong, "fields": contacts.custom_fields(), "groups": groups.items(),
        "directories": [
            (one, groups.get(one.group_id, "") if one.group_id else "", words.DIRECTORY_KINDS[one.kind])
            for one in seen
        ],
    }  # fmt: skip
    return render(request, "web/console/contacts/settings.html", context, status=400 if filled.wrong else 200)


def _settle(deed: str, filled: Filled, *, by: str, at: Any) -> None:
    values = filled.values
    if deed == "fields":
        contacts.set_custom_fields(_fields(values.get("labels", "")), by=by, at=at)
        return
    if deed == "add-directory":
        group = values.get("group", "")
        contacts.add_directory(
            kind="department" if group else "public", name=values.get("name", ""),
            group_id=UUID(group) if group else None, members_change=bool(values.get("members_change")), by=by, at=at,
        )  # fmt: skip
        return
    directory = UUID(values.get("directory", ""))
    if deed == "remove-directory":
        contacts.remove_directory(directory, by=by, at=at)
    elif deed == "change-directory":
        contacts.change_directory(
            directory, name=values.get("name", ""), members_change=bool(values.get("members_change")), by=by, at=at
        )


def _fields(labels: str) -> list[contacts.CustomField]:
    """One field per line; one that was there keeps its key, because values are kept under it."""
    known = {one.label: one.key for one in contacts.custom_fields()}
    made: dict[str, contacts.CustomField] = {}
    for label in (line.strip() for line in labels.splitlines()):
        if label:
            key = known.get(label) or _NOT_KEY.sub("_", label.lower()).strip("_")[:60] or f"field_{len(made) + 1}"
            key = key if key[0].isalpha() else f"f_{key}"
            made.setdefault(key, contacts.CustomField(key=key, label=label))
    return list(made.values())


@require_GET
def duplicates(request: HttpRequest) -> HttpResponse:
    """Contacts that are probably one person."""
    return _duplicates(request)


def _duplicates(request: HttpRequest) -> HttpResponse:
    here = inside(request)
    found = contacts.duplicates(viewer=here.viewer, limit=50)
    context = {"here": "contacts", "groups": [(one, str(words.WHYS[one.why])) for one in found]}
    return render(request, "web/console/contacts/duplicates.html", context)


@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """Make one contact of several, field by field; the first one stays and takes what is chosen."""
    here = inside(request)
    data = request.POST if request.method == "POST" else request.GET
    ids = _ids(data.getlist("id"))
    if len(ids) < 2:
        return _duplicates(request)
    found = [contacts.get(one, viewer=here.viewer) for one in ids]
    if request.method == "POST":
        chosen = {name: UUID(data[name]) for name in _names(found) if data.get(name) in {str(one) for one in ids}}
        kept = contacts.merge(
            ids[0], ids[1:], fields=chosen, by=str(here.person.id), at=timezone.now(), viewer=here.viewer
        )
        return HttpResponseRedirect(reverse("contact", args=[kept.id]))
    context = {"here": "contacts", "contacts": found, "rows": _rows(found), "joined": _joined(found)}
    return render(request, "web/console/contacts/merge.html", context)


def _ids(raw: list[str]) -> list[UUID]:
    ids: dict[UUID, None] = {}
    for one in raw[:_MOST_MERGED]:
        try:
            ids[UUID(one)] = None
        except ValueError:
            continue
    return list(ids)


def _names(found: list[contacts.Contact]) -> list[str]:
    """The fields in which they differ."""
    return [name for name in words.FIELDS if len({getattr(one.fields, name) for one in found} - {"", None}) > 0]


def _rows(found: list[contacts.Contact]) -> list[dict[str, Any]]:
    """A line per field with the value of each contact; the first that has any is chosen."""
    rows = []
    for name in _names(found):
        values = [(one.id, getattr(one.fields, name)) for one in found]
        first = next((one for one, value in values if value), None)
        differ = len({value for _, value in values}) > 1
        rows.append({
            "name": name, "word": words.FIELDS[name], "differ": differ,
            "values": [(one, value, one == first) for one, value in values],
        })  # fmt: skip
    return rows


def _joined(found: list[contacts.Contact]) -> list[tuple[str, list[str]]]:
    """What is kept of all of them."""
    numbers = list(dict.fromkeys(number.value for one in found for number in one.fields.numbers))
    emails = list(dict.fromkeys(email for one in found for email in one.fields.emails))
    return [(_("Numbers"), numbers), (_("E-mail"), emails)]


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """A file of a directory, of what a search finds, or of everything that this person sees; streamed."""
    here = inside(request)
    kind = request.GET.get("format", "csv")
    wanted: exporting.Format = next((one for one in exporting.FORMATS if one == kind), "csv")
    directory = next(iter(_ids([request.GET.get("directory", "")])), None)
    pieces = exporting.export(
        wanted, directory=directory, text=request.GET.get("q", "").strip()[:200], by=str(here.person.id),
        at=timezone.now(), viewer=here.viewer,
    )  # fmt: skip
    customer = here.customer

    def scoped() -> Any:
        # The answer is read after the middleware has left the customer's scope.
        with tenancy.scope(customer):
            yield from pieces

    name = f"contacts-{timezone.now():%Y-%m-%d}.{exporting.ending(wanted)}"
    return StreamingHttpResponse(
        scoped(), content_type=exporting.media_type(wanted),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
