"""The letter of an access: what GDPR Art. 15(1) and (2) ask to be told, from the declarations, the register and the
rules that are in force. One content, as HTML and as PDF of real text; it names the person nowhere."""

import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from parley.agreement.api import AREAS, CATEGORIES, OFFERINGS, area_of
from parley.governance.contract import api as contract
from parley.governance.subprocessors import api as subprocessors
from parley.inventory.api import PersonalData, installed, personal, stores
from parley.retention import api as retention
from parley.rights.binding import own
from parley.rights.letters import day, remedies
from parley.tenancy import api as tenancy

FONTS: Path = Path(__file__).parents[1] / "web" / "static" / "vendor"
"""Where the letters lie; `make setup` puts them there."""
_FACES: Final = {"Parley": "dejavu-sans.ttf", "Parley-Bold": "dejavu-sans-bold.ttf"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A heading with sentences, or a table with its head."""

    title: str
    words: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Told:
    """The content of the letter."""

    title: str
    lead: str
    parts: tuple[Part, ...]


def told(*, tag: str, received_at: datetime, at: datetime) -> Told:
    """What the person is told besides the copy of the data, for whoever is in scope."""
    zone, name = tenancy.standing().zone, tenancy.current().name
    lead = _("Answer to the request %(tag)s of %(received)s, made on %(made)s by %(name)s.") % {
        "tag": tag, "received": day(received_at, zone), "made": day(at, zone), "name": name,
    }  # fmt: skip
    return Told(title=_("What is held about you"), lead=lead, parts=tuple(_parts()))


def as_html(letter: Told) -> bytes:
    """One file, without script, readable anywhere."""
    out = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(letter.title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{html.escape(letter.title)}</h1><p>{html.escape(letter.lead)}</p>",
    ]
    for part in letter.parts:
        out.append(f"<h2>{html.escape(part.title)}</h2>")
        out += [f"<p>{html.escape(words)}</p>" for words in part.words]
        if part.rows:
            cells = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in part.head)
            out.append(f"<div><table><thead><tr>{cells}</tr></thead><tbody>")
            out += ["<tr>" + "".join(f"<td>{html.escape(one)}</td>" for one in row) + "</tr>" for row in part.rows]
            out.append("</tbody></table></div>")
    return "".join([*out, "</main></body></html>"]).encode()


def as_pdf(letter: Told) -> bytes:
    """The same as PDF. Raises OSError-like errors of reportlab when a font is missing."""
    _load_fonts(FONTS)
    out = io.BytesIO()
    made = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=20 * mm, bottomMargin=18 * mm,
        title=letter.title, author="Parley", lang="en", invariant=1, displayDocTitle=True,
    )  # fmt: skip
    made.build(list(_flow(letter)), onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


def _parts() -> Iterator[Part]:
    declared = personal(installed("DECLARATIONS"))
    yield _held(declared)
    yield Part(
        title=_("Recipients, and where they are (Art. 15(1)(c) and 15(2))"),
        words=(_("Whoever may receive such data on our behalf. Nothing is sold or rented."),) if not own() else (),
        head=(_("Name"), _("What for"), _("Country")),
        rows=tuple(_recipients()),
    )
    yield Part(title=_("Transfers outside the area of the agreement (Art. 15(2))"), words=(_transfers(),))
    yield Part(
        title=_("How long it stays (Art. 15(1)(d))"),
        head=(_("What"), _("How long")),
        rows=tuple(_retention()),
    )
    yield Part(
        title=_("Where it comes from (Art. 15(1)(g))"),
        words=(
            _("From you, from calls in which you took part, and from people who entered your contact. Each record in "
              "the package says its source where one was noted."),
        ),
    )  # fmt: skip
    yield Part(
        title=_("Your rights (Art. 15(1)(e) and (f))"),
        words=(
            _("You may have data corrected or erased, have its use restricted, object to its use, and have a copy for "
              "machines or for another controller. You may take back a consent at any time."),
            remedies(),
        ),
    )  # fmt: skip
    yield Part(
        title=_("Decisions by machine (Art. 15(1)(h))"),
        words=(_("No decision about you is made by machine alone, and no profile of you is made."),),
    )
    yield Part(
        title=_("What was left out (Art. 15(4))"),
        words=(
            _("Voices, names and numbers of others are left out where a copy would affect their rights. Copies come as "
              "JSON and CSV, audio as MP3, calls also as vCon."),
        ),
    )  # fmt: skip


def _held(declared: Sequence[PersonalData]) -> Part:
    rows = []
    for store in stores():
        fields = [one for one in declared if one.model in store.models]
        kinds = ", ".join(store.kinds.values())
        categories = ", ".join(dict.fromkeys(_category(one.category) for one in fields))
        purposes = ", ".join(dict.fromkeys(_purpose(one.purpose) for one in fields))
        rows.append((f"{OFFERINGS.get(store.offering, store.offering)}: {kinds}", categories, purposes))
    return Part(
        title=_("What is held, which categories, and what for (Art. 15(1)(a) and (b))"),
        words=(_("The package holds a copy of what concerns you. These are all places where such data is kept:"),),
        head=(_("Where"), _("Categories"), _("Purposes")),
        rows=tuple(rows),
    )


def _category(key: str) -> str:
    while key and key not in CATEGORIES:
        key = key.rpartition(".")[0]
    return CATEGORIES.get(key, _("other data"))


def _purpose(key: str) -> str:
    words = {
        "essential.legal_obligation": _("legal obligations"), "essential.service": _("providing the service"),
        "marketing": _("marketing"), "functional": _("improving the service"), "analytics": _("statistics"),
    }  # fmt: skip
    return next((said for start, said in words.items() if key.startswith(start)), key)


def _recipients() -> Iterator[tuple[str, ...]]:
    opened = tenancy.standing().recipients
    for entry in subprocessors.entries():
        if own() or entry.key in opened:
            yield entry.name, entry.role, entry.country


def _transfers() -> str:
    region = tenancy.current().region
    where = AREAS.get(area_of(region), region)
    measures = sorted(tenancy.standing().confirmed_transfers)
    if not measures:
        return _("The data is kept in: %(where)s. No transfer elsewhere was confirmed.") % {"where": where}
    return _("The data is kept in: %(where)s. Transfers elsewhere rest on: %(measures)s.") % {
        "where": where, "measures": ", ".join(measures),
    }  # fmt: skip


def _retention() -> Iterator[tuple[str, ...]]:
    if own():
        yield _("All of it"), _("until its purpose is over")
        return
    for rule in retention.rules():
        yield rule.words, str(rule.keep) if rule.keep else _("until it is deleted by hand, or the contract ends")
    end = contract.binding().agreement.terms.end
    yield _("Everything, after the end of the contract"), _("%(span)s at most") % {"span": end.destroy}


@cache
def _load_fonts(folder: Path) -> None:
    for name, file in _FACES.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))


def _flow(letter: Told) -> Iterator[Flowable]:
    body = ParagraphStyle("body", fontName="Parley", fontSize=9, leading=13)
    small = ParagraphStyle("small", parent=body, fontSize=8, leading=11)
    strong = ParagraphStyle("strong", parent=body, fontName="Parley-Bold", fontSize=11, leading=15, spaceBefore=12)
    title = ParagraphStyle("title", parent=strong, fontSize=18, leading=24)
    yield Paragraph(escape(letter.title), title)
    yield Spacer(1, 8)
    yield Paragraph(escape(letter.lead), body)
    for part in letter.parts:
        yield Paragraph(escape(part.title), strong)
        for words in part.words:
            yield Spacer(1, 3)
            yield Paragraph(escape(words), body)
        if part.rows:
            yield Spacer(1, 4)
            yield _table(part, small)


def _table(part: Part, style: ParagraphStyle) -> Table:
    width = (A4[0] - 40 * mm) / len(part.head)
    lines = [[Paragraph(escape(cell), style) for cell in row] for row in (part.head, *part.rows)]
    made = Table(lines, colWidths=[width] * len(part.head), repeatRows=1, splitInRow=1)
    made.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, "#d5d9dc")]))
    return made


def _foot(canvas: Any, page: Any) -> None:
    canvas.saveState()
    canvas.setFont("Parley", 7)
    canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, str(page.page))
    canvas.restoreState()


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b2026;background:#fff}"
    "main{max-width:46rem;margin:auto;padding:1rem}div{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;border-bottom:1px solid #d5d9dc;padding:.4rem .6rem .4rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#e8eaec;background:#15181b}th,td{border-color:#3a4046}}"
)
