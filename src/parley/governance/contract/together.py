"""Several agreements as one, until `agreement.api.compose` is there."""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.agreement.api import Agreement


@dataclass(frozen=True, kw_only=True)
class Composition:
    """One agreement for several; `wins` says which term came from where."""

    agreement: Agreement
    wins: tuple[object, ...] = ()


def compose(agreements: Sequence[Agreement]) -> Composition:
    """The first of them."""
    return Composition(agreement=agreements[0])


def override(agreement: Agreement, _overrides: object) -> Agreement:
    """The agreement as it is."""
    return agreement
