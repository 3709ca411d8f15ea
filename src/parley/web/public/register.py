"""The provider's register of sub-processors, its versions, and an Atom feed of them (RFC 4287)."""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from parley.governance.subprocessors import api as subprocessors
from parley.tenancy import api as tenancy
from parley.web import register_words as words
from parley.web.public.limits import limited

KEPT: Final = "public, max-age=300"
FEED_VERSIONS: Final = 30
PAGE_VERSIONS: Final = 50


def _etag(_request: HttpRequest, **_which: object) -> str:
    """The pages follow from the register alone, whose newest version says whether anything changed."""
    newest = subprocessors.latest()
    return f'"{newest.number}-{newest.digest[:16]}"' if newest else '"0"'


def _modified(_request: HttpRequest, **_which: object) -> datetime | None:
    newest = subprocessors.latest()
    return newest.published_at.replace(microsecond=0) if newest else None


@require_safe
@limited
@condition(etag_func=_etag, last_modified_func=_modified)
def register(request: HttpRequest) -> HttpResponse:
    """Every link of the chain as it stands, what is planned first."""
    newest = subprocessors.latest()
    links = subprocessors.chain(newest.entries) if newest else ()
    names = {one.entry.key: one.entry.name for one in links}
    context = {
        "provider": tenancy.provider().name,
        "version": newest,
        "planned": [words.link_words(one, names=names) for one in links if one.entry.status == "planned"],
        "engaged": [words.link_words(one, names=names) for one in links if one.entry.status == "engaged"],
    }
    return _kept(render(request, "web/public/register.html", context))


@require_safe
@limited
@condition(etag_func=_etag, last_modified_func=_modified)
def history(request: HttpRequest) -> HttpResponse:
    """The versions of the register, newest first."""
    before = request.GET.get("before", "")
    shown = subprocessors.versions(before=int(before) if before.isdecimal() else None, limit=PAGE_VERSIONS + 1)
    context = {
        "provider": tenancy.provider().name,
        "versions": shown[:PAGE_VERSIONS],
        "next": shown[PAGE_VERSIONS - 1].number if len(shown) > PAGE_VERSIONS else None,
    }
    return _kept(render(request, "web/public/history.html", context))


@require_safe
@limited
@condition(etag_func=_etag, last_modified_func=_modified)
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version as it was published, and what it changed."""
    found = subprocessors.version(number)
    if found is None:
        raise Http404("no such version")
    names = {one.key: one.name for one in found.entries}
    context = {
        "provider": tenancy.provider().name,
        "version": found,
        "differences": subprocessors.difference(number),
        "links": [words.link_words(one, names=names) for one in subprocessors.chain(found.entries)],
    }
    return _kept(render(request, "web/public/version.html", context))


@require_safe
@limited
@condition(etag_func=_etag, last_modified_func=_modified)
def feed(_request: HttpRequest) -> HttpResponse:
    """An entry for each of the newest versions: what changed, with its permanent link."""
    provider, base = tenancy.provider().name, settings.PARLEY_PUBLIC_URL
    made = Atom1Feed(
        title=_("Sub-processors of %(name)s") % {"name": provider},
        link=f"{base}{reverse('public-register')}",
        feed_url=f"{base}{reverse('public-feed')}",
        description=_("Changes of the register of sub-processors, before they happen."),
        language="en",
        author_name=provider,
    )
    for one in subprocessors.versions(limit=FEED_VERSIONS):
        link = f"{base}{reverse('public-version', args=[one.number])}"
        made.add_item(
            title=_("Version %(n)d: %(note)s") % {"n": one.number, "note": one.note},
            link=link,
            unique_id=link,
            description="\n".join(words.difference_words(each) for each in subprocessors.difference(one.number)),
            pubdate=one.published_at,
            updateddate=one.published_at,
        )
    return _kept(HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"))


@require_safe
@limited
@condition(etag_func=_etag, last_modified_func=_modified)
def plain(_request: HttpRequest) -> HttpResponse:
    """The register as JSON, for programs."""
    newest = subprocessors.latest()
    body = {
        "version": newest.number if newest else 0,
        "published_at": newest.published_at.isoformat() if newest else None,
        "sha256": newest.digest if newest else "",
        "sub_processors": [one.to_json() for one in newest.entries] if newest else [],
    }
    return _kept(JsonResponse(body, json_dumps_params={"indent": 1}))


def _kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = KEPT
    return response
