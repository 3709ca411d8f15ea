"""Contacts: the list with search while typing, one contact, its form, deeds with it."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.contacts import api as contacts
from parley.ledger import api as ledger
from parley.web import contact_words as words
from parley.web import rules
from parley.web.console.evidence import lines
from parley.web.filled import Filled
from parley.web.place import ConsoleRequest, inside
from parley.web.public.preferences import preferences_path

PAGE_ROWS: Final = 50
_HISTORY: Final = 400
_KINDS: Final = (
    "contact.added", "contact.changed", "contact.annotated", "contacts.moved", "contacts.merged", "contacts.shared",
    "consent.given", "consent.withdrawn", "marketing.written",
)  # fmt: skip


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The list, as its address says: what is typed, the directory, the place."""
    here = inside(request)
    personal = contacts.personal_directory(here.person.id, at=timezone.now())
    seen = contacts.directories(viewer=here.viewer, count=not here.htmx)
    chosen = next((one for one in seen if str(one.id) == request.GET.get("directory")), None)
    text, cursor = request.GET.get("q", "").strip()[:200], request.GET.get("after") or None
    directory = chosen.id if chosen else None
    if text:
        page = contacts.search(text, directory=directory, limit=PAGE_ROWS, cursor=cursor, viewer=here.viewer)
    else:
        page = contacts.listing(directory=directory, limit=PAGE_ROWS, cursor=cursor, viewer=here.viewer)
    keep = {name: value for name, value in (("q", text), ("directory", str(directory or ""))) if value}
    context = {
        "here": "contacts", "page": page, "text": text, "chosen": chosen, "query": urlencode(keep),
        "directories": [(one, words.directory_name(one)) for one in seen], "personal": personal,
        "names": {one.id: words.directory_name(one) for one in seen},
        "older": cursor is not None, "next": urlencode({**keep, "after": page.cursor}) if page.cursor else "",
        "total": sum(one.contacts for one in seen), "may_add": any(one.may_change for one in seen),
    }  # fmt: skip
    return render(request, "web/console/contacts/list.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form of a new contact."""
    here = inside(request)
    contacts.personal_directory(here.person.id, at=timezone.now())
    filled = Filled(request.POST.dict() or {"number1": request.GET.get("number", "")[:64]})
    if request.method == "POST":
        directory = _directory(filled)
        new = words.contact_in(filled, custom=contacts.custom_fields())
        if not filled.wrong and directory is not None:
            try:
                made = contacts.add(
                    new, directory=directory, by=str(here.person.id), at=timezone.now(), viewer=here.viewer
                )
                return HttpResponseRedirect(reverse("contact", args=[made]))
            except contacts.ContactRefused as error:
                words.told(filled, error)
    return _form(request, filled, None)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """The form of a contact that there is."""
    here = inside(request)
    found = contacts.get(contact_id, viewer=here.viewer)
    if request.method == "GET":
        return _form(request, Filled(words.form_of(found.fields)), found)
    filled = Filled(request.POST.dict())
    directory = _directory(filled)
    before = None if found.sealed else found.fields
    new = words.contact_in(filled, custom=contacts.custom_fields(), before=before)
    if not filled.wrong and directory is not None:
        by, now = str(here.person.id), timezone.now()
        try:
            contacts.update(contact_id, new, by=by, at=now, viewer=here.viewer)
            if directory != found.directory_id:
                contacts.move([contact_id], directory=directory, by=by, at=now, viewer=here.viewer)
            return HttpResponseRedirect(reverse("contact", args=[contact_id]))
        except contacts.ContactRefused as error:
            words.told(filled, error)
    return _form(request, filled, found)


@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """One contact: who, what it agreed to, since when and why it is kept; a POST is the deed named."""
    here = inside(request)
    found = contacts.get(contact_id, viewer=here.viewer)
    if request.method == "GET":
        return render(request, "web/console/contacts/one.html", _context(here, found))
    if not contacts.directory(found.directory_id, viewer=here.viewer).may_change:
        raise contacts.MayNotChange("you see this contact, but do not change it", remedy="Ask an administrator.")
    filled = Filled(request.POST.dict())
    deed = filled.choice("deed", ("delete", "consent", "withdraw", "object", "lift"))
    by, now = str(here.person.id), timezone.now()
    if deed == "delete":
        if contacts.remove([contact_id], by=by, at=now, viewer=here.viewer):
            return HttpResponseRedirect(reverse("contacts"))
        filled.wrong["delete"] = _("It was kept: a hold, a restriction or a duty keeps this contact for now.")
    elif deed == "consent":
        _consent(here, found, filled)
    elif deed == "withdraw":
        known = {str(one.id): one for one in contacts.consents(contact_id)}
        if (one := known.get(filled.values.get("consent", ""))) is not None:
            contacts.withdraw_consent(one.id, by=by, at=now)
    elif deed:
        _objection(here, found, filled, lift=deed == "lift")
    if filled.wrong:
        return render(request, "web/console/contacts/one.html", _context(here, found, filled), status=400)
    return HttpResponseRedirect(reverse("contact", args=[contact_id]))


def _consent(here: ConsoleRequest, found: contacts.Contact, filled: Filled) -> None:
    """Write down a consent with its proof."""
    purpose, channel = filled.text("purpose", most=64), filled.choice("channel", words.CHANNELS)
    how, version = filled.text("how", most=200), filled.text("text_version", most=200)
    given = filled.moment("given", zone=here.customer.standing.zone)
    if given is not None and given > timezone.now():
        filled.wrong["given"] = _("This day has not come yet.")
    if filled.wrong or given is None:
        return
    proof = contacts.Proof(
        how=how, text_version=version, by=str(here.person.id), detail=filled.text("detail", needed=False, most=2000)
    )
    try:
        contacts.consent(found.id, purpose, channel, given_at=given, proof=proof)  # type: ignore[arg-type]
    except contacts.ContactRefused as error:
        filled.wrong["purpose"] = str(error)


def _objection(here: ConsoleRequest, found: contacts.Contact, filled: Filled, *, lift: bool) -> None:
    """Write an objection down for all numbers and addresses of the contact, or lift one."""
    numbers = [one.value for one in found.fields.numbers]
    by, now = str(here.person.id), timezone.now()
    if lift:
        purpose = filled.text("purpose", most=64)
        for number in numbers:
            contacts.lift_objection(number=number, purpose=purpose, by=by, at=now)
        for email in found.fields.emails:
            contacts.lift_objection(email=email, purpose=purpose, by=by, at=now)
        return
    purpose, channel = filled.choice("purpose", (*words.PURPOSES, "*")), filled.choice("channel", words.ALL_CHANNELS)
    if not filled.wrong:
        contacts.object_(
            numbers=numbers, emails=found.fields.emails, purpose=purpose, channel=channel, by=by, at=now,  # type: ignore[arg-type]
        )  # fmt: skip


def _context(here: ConsoleRequest, found: contacts.Contact, filled: Filled | None = None) -> dict[str, Any]:
    fields, custom = found.fields, contacts.custom_fields()
    directory = contacts.directory(found.directory_id, viewer=here.viewer)
    return {
        "here": "contacts", "contact": found, "fields": fields, "directory": directory,
        "directory_name": words.directory_name(directory),
        "numbers": [(one, str(words.NUMBER_KINDS.get(one.kind, one.kind))) for one in fields.numbers],
        "custom": [(one.label, fields.custom[one.key]) for one in custom if fields.custom.get(one.key)],
        "consents": [
            (one, words.purpose_words(one.purpose), str(words.CHANNELS.get(one.channel, one.channel)))
            for one in contacts.consents(found.id)
        ],
        "objections": _objections(fields),
        "history": _history(found.id) if here.viewer.oversees else [],
        "purposes": words.PURPOSES.items(), "channels": words.CHANNELS.items(),
        "all_channels": words.ALL_CHANNELS.items(),
        "preferences": "" if found.sealed else preferences_path(here.customer, found.id),
        "form": filled.fields() if filled else {}, "wrong": filled.wrong if filled else {},
        "today": timezone.now().date().isoformat(),
    }  # fmt: skip


def _objections(fields: contacts.NewContact) -> list[tuple[contacts.ObjectionView, str, str]]:
    """Each purpose and channel that the person objected to, once."""
    found = [one for number in fields.numbers for one in contacts.objections(number=number.value)]
    found += [one for email in fields.emails for one in contacts.objections(email=email)]
    newest = {(one.purpose, one.channel): one for one in sorted(found, key=lambda each: each.at)}
    return [
        (one, _("anything") if one.purpose == "*" else words.purpose_words(one.purpose),
         str(words.ALL_CHANNELS.get(one.channel, one.channel)))
        for one in newest.values()
    ]  # fmt: skip


def _history(contact_id: UUID) -> list[Any]:
    """What the newest evidence says of this contact."""
    with connection.cursor() as cursor:
        entries = ledger.entries(cursor, kinds=list(_KINDS), limit=_HISTORY)
    mine = [one for one in entries if str(contact_id) in str(one.details)]
    shown = lines(mine)
    by = {line.id: str((one.details or {}).get("by", "")) for line, one in zip(shown, mine, strict=True)}
    names = _names(set(by.values()))
    return [(line, rules.kind_words(line.kind), line.who or names.get(by[line.id], "")) for line in shown]


def _names(ids: set[str]) -> dict[str, str]:
    """Names of the users among `ids`."""
    from parley.people.api import User

    users = []
    for one in ids:
        try:
            users.append(UUID(one))
        except ValueError:
            continue
    return {str(key): name for key, name in User.objects.filter(id__in=users).values_list("id", "name")}


def _directory(filled: Filled) -> UUID | None:
    try:
        return UUID(filled.values.get("directory", ""))
    except ValueError:
        filled.wrong["directory"] = _("Choose one.")
        return None


def _form(request: HttpRequest, filled: Filled, found: contacts.Contact | None) -> HttpResponse:
    here = inside(request)
    values = filled.fields()
    used = sum(1 for name in values if name.startswith("number") and values[name]["value"])
    numbers = [
        {"place": place, "value": values.get(f"number{place}", {}).get("value", ""),
         "wrong": values.get(f"number{place}", {}).get("wrong", ""),
         "kind": values.get(f"kind{place}", {}).get("value", "work" if place == 1 else "mobile")}
        for place in range(1, max(3, used + 2))
    ]  # fmt: skip
    mine = [one for one in contacts.directories(viewer=here.viewer) if one.may_change]
    default = str(found.directory_id) if found else request.GET.get("directory", "")
    context = {
        "here": "contacts", "contact": found, "form": values, "wrong": filled.wrong, "numbers": numbers,
        "kinds": words.NUMBER_KINDS.items(),
        "custom": [(one, filled.values.get(f"custom.{one.key}", "")) for one in contacts.custom_fields()],
        "directories": [(one, words.directory_name(one)) for one in mine],
        "directory": filled.values.get("directory") or default,
    }  # fmt: skip
    return render(request, "web/console/contacts/form.html", context, status=400 if filled.wrong else 200)
