"""The processor's record of processing as people file it: a PDF of real text, made from the same values as its page."""

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from reportlab.platypus import Flowable, Spacer

from parley.governance.audits.api import sheet
from parley.inventory import api as inventory

_FONTS: Final = Path(__file__).parents[1] / "static" / "vendor"


def paper(record: inventory.ProcessingRecord, activities: Sequence[Mapping[str, Any]]) -> bytes:
    """The PDF of `record`; `activities` are its categories of processing in words, as the page shows them.

    The same record gives the same bytes. Raises OSError-like errors of reportlab when a font is missing.
    """
    sheet.load_fonts(_FONTS)
    out = io.BytesIO()
    title = _("Record of processing")
    made, on_page = sheet.document(
        out,
        title=f"{title}: {record.controller.name}",
        subject=inventory.ARTICLE,
        foot=f"{title} · {inventory.ARTICLE} · {record.controller.name} · {_made(record)}",
    )
    story: list[Flowable] = [
        *_parties(record, title), *_activities(activities), *_recipients(record), *_measures(record),
    ]  # fmt: skip
    made.build(story, onFirstPage=on_page, onLaterPages=on_page)
    return out.getvalue()


def _parties(record: inventory.ProcessingRecord, title: str) -> Iterator[Flowable]:
    controller = record.controller
    whose = _("Controller") if controller.role == "controller" else _("Processor for others, who engages us")
    yield sheet.text(title, sheet.TITLE)
    yield sheet.text(_("%(article)s, as it is %(at)s") % {"article": inventory.ARTICLE, "at": _made(record)})
    yield sheet.Heading(_("Who processes for whom"))
    yield sheet.table(
        [_("Role"), _("Name"), _("Contact")],
        [
            (_("Processor"), record.processor.name, _listed(record.processor.contacts)),
            (whose, controller.name, _listed(controller.contacts) or _("no contact was entered in Contract")),
        ],
        widths=[2, 2, 3],
    )
    yield Spacer(1, 6)
    yield sheet.text(_("Agreements: %(agreements)s") % {"agreements": _listed(record.agreements)})


def _activities(activities: Sequence[Mapping[str, Any]]) -> Iterator[Flowable]:
    yield sheet.Heading(_("Categories of processing"))
    for one in activities:
        yield sheet.Heading(capfirst(one["activity"].title), level=1)
        yield sheet.table(
            [_("What"), _("Said")],
            [
                (_("Data"), _sentence(one["categories"])),
                (_("About whom"), _sentence(one["subjects"])),
                (_("Purposes"), _sentence(one["purposes"])),
                (_("How long"), _sentence(one["activity"].kept)),
            ],
            widths=[1, 5],
        )


def _recipients(record: inventory.ProcessingRecord) -> Iterator[Flowable]:
    yield sheet.Heading(_("Other processors, transfers"))
    if not record.recipients:
        yield sheet.text(_("Data goes to no other processor."))
        return
    yield sheet.table(
        [_("Name"), _("Country"), _("For"), _("By")],
        [
            (one.name, f"{one.country} · {_('third country')}" if one.third_country else one.country, one.purpose,
             sheet.text(one.safeguard, sheet.MONO))
            for one in record.recipients
        ],
        widths=[3, 2, 4, 2],
    )  # fmt: skip


def _measures(record: inventory.ProcessingRecord) -> Iterator[Flowable]:
    yield sheet.Heading(_("How it is kept safe"))
    yield sheet.table(
        [_("Measure"), _("Clause")],
        [(one.statement, sheet.text(one.clause, sheet.MONO)) for one in record.measures],
        widths=[5, 1],
    )


def _made(record: inventory.ProcessingRecord) -> str:
    return f"{record.made_at:%d %b %Y, %H:%M} UTC"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _sentence(words: Sequence[str]) -> str:
    return capfirst("; ".join(words))
