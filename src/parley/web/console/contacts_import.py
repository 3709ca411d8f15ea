"""Importing contacts: upload, what each column is, a look at the first rows, progress, report, undo."""

from datetime import date
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from parley.contacts import api as contacts
from parley.contacts import importing
from parley.contacts.formats.types import UnreadableFile
from parley.contacts.import_work import ConsentSource
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings.api import installed_store
from parley.tenancy import api as tenancy
from parley.web import contact_words as words
from parley.web.filled import Filled
from parley.web.place import ConsoleRequest, inside
from parley.web.ranged import ranged

_FORM_BYTES: Final = 1 << 16
_COUNTRIES: Final = sorted(phonenumbers.SUPPORTED_REGIONS)


class Sealing(FileUploadHandler):
    """Seals a file while it arrives: nothing of it touches a disk in clear, whatever its size."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.received: importing.Incoming | None = None
        self.refused: importing.ImportRefused | None = None

    def new_file(self, *given: Any, **named: Any) -> None:
        super().new_file(*given, **named)
        if self.received is not None:
            raise StopUpload(connection_reset=True)
        self.received = importing.Incoming(settings.PARLEY_DATA_DIR / "scratch")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:  # noqa: ARG002 - Django's
        if self.received is not None:
            try:
                self.received.write(raw_data)
            except importing.ImportRefused as error:
                self.refused, self.received = error, None
        return None

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":  # noqa: ARG002 - Django's
        if self.received is not None:
            self.received.close()
        return None

    def upload_interrupted(self) -> None:
        if self.received is not None:
            self.received.discard()
            self.received = None


@csrf_exempt  # Django reads the body to find the token: the handler that seals must be there before. Checked below.
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The imports so far; a POST brings a file, whose own page comes next."""
    if request.method == "POST":
        if int(request.META.get("CONTENT_LENGTH") or 0) > importing.MOST_BYTES + _FORM_BYTES:
            return _listing(request, _("The file is too large: split it and import the parts."), status=413)
        request.upload_handlers = [Sealing(request)]
    return _imports(request)


@csrf_protect
def _imports(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _listing(request)
    here = inside(request)
    request.FILES  # noqa: B018 - has the body read
    sealing = cast(Sealing, request.upload_handlers[0])
    if sealing.refused is not None:
        return _listing(request, f"{sealing.refused.args[0]}: {sealing.refused.remedy}.", status=413)
    if sealing.received is None:
        return _listing(request, _("Choose a file first."), status=400)
    try:
        made = importing.upload(sealing.received, by=here.person.id, at=timezone.now(), store=installed_store())
    except UnreadableFile as error:
        return _listing(
            request, f"{str(error.args[0])[:1].upper()}{str(error.args[0])[1:]}: {error.remedy}.", status=400
        )
    return HttpResponseRedirect(reverse("contact-import", args=[made.id]))


def _listing(request: HttpRequest, wrong: str = "", *, status: int = 200) -> HttpResponse:
    here = inside(request)
    shown = [one for one in importing.listing() if _may_see(here, one)]
    names = dict(people.User.objects.filter(id__in=[one.uploaded_by for one in shown]).values_list("id", "name"))
    context = {
        "here": "contacts", "wrong": wrong, "most": importing.MOST_BYTES,
        "imports": [(one, *words.STATES[one.state], names.get(one.uploaded_by, "")) for one in shown],
    }  # fmt: skip
    return render(request, "web/console/contacts/imports.html", context, status=status)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """One import: the choice of columns with a look at the first rows, then progress, then the report."""
    here, found = inside(request), _seen(request, import_id)
    if request.method == "POST":
        return _deed(here, found)
    if found.state == "uploaded":
        return _preview(here, found, Filled(request.GET.dict()))
    return render(request, "web/console/contacts/import_report.html", _report(found))


def _seen(request: HttpRequest, import_id: UUID) -> importing.ImportView:
    """The import, for whoever brought the file and for those who see everything. Raises NoSuchImport."""
    found = importing.get(import_id)
    if not _may_see(inside(request), found):
        raise importing.NoSuchImport("there is no such import")
    return found


def _may_see(here: ConsoleRequest, found: importing.ImportView) -> bool:
    return here.viewer.oversees or found.uploaded_by == here.person.id


def _deed(here: ConsoleRequest, found: importing.ImportView) -> HttpResponse:
    filled, now = Filled(here.POST.dict()), timezone.now()
    deed = filled.choice("deed", ("look", "begin", "withdraw", "undo"))
    again = HttpResponseRedirect(reverse("contact-import", args=[found.id]))
    if deed == "withdraw":
        importing.withdraw(found.id, at=now)
        return HttpResponseRedirect(reverse("contact-imports"))
    if deed == "undo":
        importing.undo(found.id, by=here.person.id, at=now)
        return again
    if deed == "begin" and found.state == "uploaded":
        mapping = _mapping(filled, len(importing.look(found.id, store=installed_store()).columns))
        directory, consent = _directory(filled), _consent(filled)
        source = filled.text("source", most=200)
        if not filled.wrong and directory is not None:
            try:
                importing.begin(
                    found.id, mapping=mapping or found.mapping, directory=directory,
                    region=filled.values.get("region") or None, source=source, consent=consent, by=here.person.id,
                    at=now, viewer=here.viewer,
                )  # fmt: skip
            except importing.ImportRefused as error:
                filled.wrong[error.field or "mapping"] = f"{error.args[0]}: {error.remedy}."
            else:
                return again
    return _preview(here, found, filled)


def _preview(here: ConsoleRequest, found: importing.ImportView, filled: Filled) -> HttpResponse:
    region = filled.values.get("region", _usual_region(here))
    given = any(name.startswith("column") for name in filled.values)
    mapping = _mapping(filled, 500) if given else None
    try:
        seen = importing.look(found.id, mapping=mapping, region=region or None, store=installed_store())
    except UnreadableFile as error:
        return _listing(here, f"{error.args[0]}: {error.remedy}.", status=400)
    mine = [one for one in contacts.directories(viewer=here.viewer) if one.may_change]
    if not mine:
        mine = [contacts.personal_directory(here.person.id, at=timezone.now())]
    custom = contacts.custom_fields()
    context = {
        "here": "contacts", "import": found, "seen": seen, "form": filled.fields(), "wrong": filled.wrong,
        "columns": [
            {"place": place, "name": name, "sample": seen.sample[place], "target": seen.mapping[place]}
            for place, name in enumerate(seen.columns)
        ],
        "targets": words.target_words(custom).items(), "region": region, "countries": _COUNTRIES,
        "directories": [(one, words.directory_name(one)) for one in mine],
        "directory": filled.values.get("directory", ""), "purposes": words.PURPOSES.items(),
        "channels": words.CHANNELS.items(), "broken": sum(1 for row in seen.rows if row.why),
    }  # fmt: skip
    return render(here, "web/console/contacts/import_preview.html", context, status=400 if filled.wrong else 200)


def _usual_region(here: ConsoleRequest) -> str:
    """The country of the customer's trunks, where all have the same."""
    regions = {trunk.region for trunk in tenancy.trunks(here.customer) if trunk.region}
    return regions.pop() if len(regions) == 1 else ""


def _mapping(filled: Filled, count: int) -> tuple[str, ...]:
    known = words.target_words(contacts.custom_fields())
    places = [name for name in (f"column{place}" for place in range(count)) if name in filled.values]
    return tuple(value if (value := filled.values[name]) in known else "" for name in places)


def _directory(filled: Filled) -> UUID | None:
    try:
        return UUID(filled.values.get("directory", ""))
    except ValueError:
        filled.wrong["directory"] = _("Choose one.")
        return None


def _consent(filled: Filled) -> ConsentSource | None:
    """The consent that all in the file gave, when it is said so."""
    if not filled.values.get("agreed"):
        return None
    channel, how = filled.choice("channel", words.CHANNELS), filled.text("how", most=200)
    version, purpose = filled.text("text_version", most=200), filled.choice("purpose", words.PURPOSES)
    try:
        given = date.fromisoformat(filled.values.get("given", ""))
    except ValueError:
        filled.wrong["given"] = _("A day is written 2026-11-22.")
        return None
    return ConsentSource(
        purpose=purpose,
        channel=cast(contacts.Channel, channel),
        how=how,
        text_version=version,
        given_on=given,
    )


def _report(found: importing.ImportView) -> dict[str, Any]:
    word, shape = words.STATES[found.state]
    how_far = obligations.progress(found.progress_key) if found.state in {"queued", "undoing"} else None
    now = timezone.now()
    seconds = (found.ended_at - found.begun_at).total_seconds() if found.ended_at and found.begun_at else 0
    return {
        "here": "contacts", "import": found, "state": word, "shape": shape,
        "busy": found.state in {"queued", "undoing"}, "progress": how_far,
        "stale": how_far is not None and how_far.stale(now),
        "rate": f"{how_far.per_second:,.0f}" if how_far and how_far.done else "",
        "seconds": seconds, "sealed_name": _file_name(found, sealed=True),
        "can_undo": found.state in {"done", "failed"} and found.added > 0,
        "directory_url": f"{reverse('contacts')}?directory={found.directory_id}",
    }  # fmt: skip


@require_GET
def progress(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """How far it is, for the page to show again and again; a finished one loads the page anew."""
    found = _seen(request, import_id)
    response = render(request, "web/console/contacts/_import_progress.html", _report(found))
    if found.state not in {"queued", "undoing"}:
        response["HX-Refresh"] = "true"
    return response


@require_GET
def broken(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """The rows that did not arrive, each with its line and why; sealed where the customer alone holds the key."""
    found = _seen(request, import_id)
    content, size, sealed = importing.open_broken(import_id, store=installed_store())
    answer: HttpResponseBase = ranged(
        request, content, size=size, media_type="application/age-encryption" if sealed else "text/csv; charset=utf-8",
        etag=str(import_id), filename=_file_name(found, sealed=sealed),
    )  # fmt: skip
    return cast(HttpResponse, answer)


def _file_name(found: importing.ImportView, *, sealed: bool) -> str:
    return f"to-mend-{Path(str(found.id)).name[-8:]}.csv{'.age' if sealed else ''}"
