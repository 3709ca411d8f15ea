"""The page `index.html` of a package: what is in it, readable in any browser, without Parley and without a network."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import quote

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.h { font: 12px ui-monospace, monospace; word-break: break-all; }
"""
_FORMS: Final = {"csv": (".csv", "CSV"), "json": (".jsonl", "JSON lines")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file of the package."""

    name: str
    size: int
    sha256: str


def page(
    *,
    title: str,
    at: datetime,
    by_store: Mapping[str, int],
    tables: Mapping[str, int],
    forms: Sequence[str],
    files: Iterable[Listed],
) -> Iterator[bytes]:
    """The page in pieces: counts first, then each table with its lines, then every file with size and hash."""
    name = escape(title or "Export")
    yield (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{name}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style>\n'
        f"<h1>{name}</h1>\n<p>Made on {at:%Y-%m-%d} at {at:%H:%M} UTC. "
        f"{sum(by_store.values()):,} records. The hash of every file is below and in manifest.json.</p>\n"
    ).encode()
    yield b'<h2>Records</h2>\n<table>\n<tr><th>Kind<th class="n">Number\n'
    for store, count in sorted(by_store.items()):
        yield f'<tr><td>{escape(store)}<td class="n">{count:,}\n'.encode()
    yield b'</table>\n<h2>Tables</h2>\n<table>\n<tr><th>Table<th class="n">Lines<th>File\n'
    for table, lines in sorted(tables.items()):
        links = " ".join(_link(f"tables/{table}{_FORMS[form][0]}", _FORMS[form][1]) for form in forms)
        yield f'<tr><td>{escape(table)}<td class="n">{lines:,}<td>{links}\n'.encode()
    yield b'</table>\n<h2>Files</h2>\n<table>\n<tr><th>File<th class="n">Bytes<th>SHA-256\n'
    count = size = 0
    for one in files:
        count, size = count + 1, size + one.size
        yield f'<tr><td>{_link(one.name, one.name)}<td class="n">{one.size:,}<td class="h">{one.sha256}\n'.encode()
    yield f'<tr><th>{count:,} files<th class="n">{size:,}<th>\n</table>\n</html>\n'.encode()


def _link(name: str, words: str) -> str:
    return f'<a href="{escape(quote(name))}">{escape(words)}</a>'
