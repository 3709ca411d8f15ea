"""How the report looks: letters, styles, tables and the one plot. DejaVu shows Latin, Greek and Cyrillic."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

INK, QUIET, HAIR, WASH = HexColor("#1b2026"), HexColor("#59626c"), HexColor("#d5d9dc"), HexColor("#f2f3f2")
KEPT, DUE, LATE = HexColor("#1d7044"), HexColor("#935900"), HexColor("#b3261e")
WIDTH: Final = A4[0] - 36 * mm
FOOT: Final = 60.0
"""A heading wants at least so many points below it on its page."""
_FONTS: Final = {
    "Parley": "dejavu-sans.ttf", "Parley-Bold": "dejavu-sans-bold.ttf", "Parley-Mono": "dejavu-sans-mono.ttf",
}  # fmt: skip

BODY: Final = ParagraphStyle("body", fontName="Parley", fontSize=9, leading=13, textColor=INK)
SMALL: Final = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10)
HEAD: Final = ParagraphStyle("head", parent=SMALL, textColor=QUIET)
MONO: Final = ParagraphStyle("mono", parent=SMALL, fontName="Parley-Mono", fontSize=6.5, leading=9, splitLongWords=1)
TITLE: Final = ParagraphStyle("title", parent=BODY, fontName="Parley-Bold", fontSize=22, leading=28)
H1: Final = ParagraphStyle(
    "h1", parent=BODY, fontName="Parley-Bold", fontSize=14, leading=18, spaceBefore=18, spaceAfter=6
)
H2: Final = ParagraphStyle(
    "h2", parent=BODY, fontName="Parley-Bold", fontSize=10, leading=14, spaceBefore=10, spaceAfter=3
)


@cache
def load_fonts(folder: Path) -> None:
    """Make the letters known; once per process. Raises OSError-like errors of reportlab when a file is missing."""
    for name, file in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily("Parley", normal="Parley", bold="Parley-Bold", italic="Parley", boldItalic="Parley")


def text(value: object, style: ParagraphStyle = BODY) -> Paragraph:
    """`value` as a paragraph; nothing in it is markup."""
    return Paragraph(escape(str(value)), style)


class Heading(Paragraph):
    """A heading that is also in the document's outline."""

    def __init__(self, value: str, *, level: int = 0) -> None:
        super().__init__(escape(value), H1 if level == 0 else H2)
        self._outline = (value, level)

    def draw(self) -> None:
        value, level = self._outline
        key = f"{value}-{id(self)}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(value, key, level=level)
        super().draw()


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], *, widths: Sequence[float]) -> Table:
    """A table over the full width whose heading is repeated on each page; `widths` are shares."""
    share = WIDTH / sum(widths)
    cells = [[text(word, HEAD) for word in head]]
    cells += [[cell if isinstance(cell, Paragraph) else text(cell, SMALL) for cell in row] for row in rows]
    made = Table(cells, colWidths=[width * share for width in widths], repeatRows=1, splitByRow=1, splitInRow=1)
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, HAIR),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return made


def months_plot(months: Sequence[tuple[str, int, int, int]]) -> Drawing:
    """Bars of (month, on time, late, waived), stacked and labelled with their numbers."""
    height, base = 30 * mm, 14.0
    drawing = Drawing(WIDTH, height + base + 12)
    most = max((on_time + late + waived for _, on_time, late, waived in months), default=1) or 1
    step = WIDTH / max(len(months), 12)
    drawing.add(Line(0, base, WIDTH, base, strokeColor=QUIET, strokeWidth=0.4))
    for index, (name, on_time, late, waived) in enumerate(months):
        left, bottom = index * step + step * 0.15, base
        for count, colour in ((on_time, KEPT), (waived, QUIET), (late, LATE)):
            tall = height * count / most
            if count:
                bar = Rect(left, bottom, step * 0.7, tall)
                bar.fillColor, bar.strokeColor = colour, None
                drawing.add(bar)
            bottom += tall
        words = f"{on_time}" if not late else f"{on_time} + {late} late"
        for at, said in ((bottom + 2, words), (3.0, name)):
            drawing.add(
                String(left + step * 0.35, at, said, fontName="Parley", fontSize=6, textAnchor="middle", fillColor=INK)
            )
    return drawing


def document(out: Any, *, title: str, subject: str, foot: str) -> tuple[SimpleDocTemplate, Any]:
    """The document and what draws each page's foot."""
    made = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=18 * mm, bottomMargin=18 * mm,
        title=title, author="Parley", subject=subject, lang="en", invariant=1, displayDocTitle=True,
    )  # fmt: skip

    def on_page(canvas: Canvas, page: SimpleDocTemplate) -> None:
        canvas.saveState()
        canvas.setFont("Parley", 7)
        canvas.setFillColor(QUIET)
        canvas.drawString(18 * mm, 10 * mm, foot)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(page.page))
        canvas.restoreState()

    return made, on_page
