"""Where the text of an agreement comes from: a file when it is signed, the provider's database from then on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Final

from parley.agreement import api as agreements
from parley.agreement.api import Agreement, Composition, Standing
from parley.governance.contract.errors import ContractError, NothingSigned
from parley.governance.contract.types import Paper
from parley.tenancy import api as tenancy

STANDARD: Final = ":scc"
"""How a confirmed transfer ends that rests on the standard clauses: "us:scc"; they prevail over what was signed."""


def paper(agreement: str | Paper) -> Paper:
    """The text to sign: that of the packaged agreement with this id, or the one given. Raises UnknownAgreement."""
    if isinstance(agreement, Paper):
        return agreement
    agreements.load(agreement)  # refuses an unknown id, and a file with mistakes
    name = f"{agreement}.toml"
    found = resources.files("parley.agreement").joinpath("agreements", name)
    return Paper(file=name, text=found.read_text(encoding="utf-8"))


def composed(standing: Standing, texts: Mapping[str, str] | None = None) -> Composition:
    """What the signed texts say together. `texts` by digest; None: those of the provider's database.

    Raises NothingSigned, and ContractError when a text is missing.
    """
    if not standing.signed:
        raise NothingSigned
    key = tuple((one.digest, tuple(sorted(one.overrides.items()))) for one in standing.signed)
    scc = any(one.endswith(STANDARD) for one in standing.confirmed_transfers)
    return _composed(_Question(key=key, standard_clauses=scc, texts=texts))


@dataclass(frozen=True, slots=True)
class _Question:
    """Which texts with which overrides; a digest means one text, so that the texts need no comparing."""

    key: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    standard_clauses: bool
    texts: Mapping[str, str] | None = field(compare=False)


@lru_cache(maxsize=256)
def _composed(question: _Question) -> Composition:
    held = [_agreement(_Page(digest, question.texts), overrides) for digest, overrides in question.key]
    return agreements.compose(held, standard_clauses=question.standard_clauses)


@dataclass(frozen=True, slots=True)
class _Page:
    digest: str
    texts: Mapping[str, str] | None = field(compare=False)


@lru_cache(maxsize=256)
def _agreement(page: _Page, overrides: tuple[tuple[str, str], ...]) -> Agreement:
    text = tenancy.agreement_text(page.digest) if page.texts is None else page.texts.get(page.digest)
    if text is None:
        raise ContractError(
            f"the signed text {page.digest[:12]} is missing", remedy="restore the provider's database from its backup"
        )
    held = agreements.read_signed(text, file=f"signed text {page.digest[:12]}")
    return agreements.override(held, dict(overrides)) if overrides else held
