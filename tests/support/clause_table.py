"""Clause, mechanism, test: the table in the agreement package's README, made from the files and from the tests' names.

`python -m tests.support.clause_table` writes it; `tests/agreement/test_coverage.py` checks it.
"""

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from parley.agreement.api import load

ROOT: Final = Path(__file__).parents[2]
LIST: Final = ROOT / "tests/vectors/agreements/clauses.txt"
README: Final = ROOT / "src/parley/agreement/README.md"
_MECHANISM: Final = re.compile(r"\b(?:gate|obligation|control|attestation|offering)\.[a-z]+(?:-[a-z]+)*")
FOUNDATION: Final = {
    "control.sealed-on-receipt": "test_no_store_holds_a_word_of_a_call",
    "control.own-database": "test_no_role_of_a_customer_can_connect_to_any_database_but_its_own",
    "control.roles": "test_a_user_sees_own_calls_only",
    "control.evidence": "test_a_closed_recording_becomes_rows_objects_and_evidence",
    "control.checked-before-play": "test_a_substituted_rendition_is_detected_before_it_plays",
    "control.recovery": "test_a_death_at_any_step_neither_loses_nor_doubles",
    "control.inventory": "test_a_field_that_no_table_mentions_is_named",
}
"""Mechanisms that keep many clauses in the same way, each with the test that shows it once for all."""

BEGIN, END = "<!-- clauses -->\n", "<!-- end of clauses -->"


@cache
def promised() -> Mapping[str, tuple[str, ...]]:
    """The clause ids that the source documents make necessary, by agreement."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in LIST.read_text().splitlines():
        if heading := re.fullmatch(r"\[([a-z-]+)\]", line):
            current = heading[1]
        elif line and not line.startswith("#"):
            found.setdefault(current, []).append(line)
    return {agreement: tuple(ids) for agreement, ids in found.items()}


def word(clause: str) -> str:
    """What a test's name has for a clause: "IM-3f.breach" is im_3f_breach."""
    return re.sub(r"[^a-z0-9]", "_", clause.lower())


@cache
def every_test() -> Mapping[str, tuple[Path, str]]:
    """Every test function below tests/, with its file and docstring; of two with one name the first by path."""
    found: dict[str, tuple[Path, str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.setdefault(node.name, (path.relative_to(ROOT / "tests"), ast.get_docstring(node) or ""))
    return found


def named_after(clause: str) -> list[str]:
    """The names of the tests of a clause."""
    mine = f"test_{word(clause)}"
    return sorted(name for name in every_test() if name == mine or name.startswith(mine + "_"))


def shown_to_keep(clause: str) -> frozenset[str]:
    """The mechanisms that the docstrings of a clause's tests name."""
    return frozenset(name for test in named_after(clause) for name in _MECHANISM.findall(every_test()[test][1]))


def table() -> str:
    """The table of every clause, one agreement after the other."""
    lines = []
    for agreement in promised():
        lines += [f"\n**{agreement}**\n", "| clause | kept by | waits | tests |", "|---|---|---|---|"]
        for clause in load(agreement).clauses.values():
            named = named_after(clause.id)
            where = sorted({str(every_test()[name][0]) for name in named})
            shown = ", ".join(f"`{path}`" for path in where) or "-"
            kept, waits = ", ".join(clause.enforced_by) or "-", ", ".join(clause.waits_for) or "-"
            lines.append(f"| {clause.id} | {kept} | {waits} | {shown} |")
    return "\n".join(lines).lstrip() + "\n"


def written() -> str:
    """The table as it stands in the README."""
    return README.read_text().partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
