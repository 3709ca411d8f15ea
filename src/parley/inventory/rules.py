"""Whether the tables are complete and right. Pure, but for reading what Django knows of its models."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Model

from parley.foundation.declarations import Declaration, NotPersonal, PersonalData
from parley.inventory.vocabulary import ERASE, EXPORT, FIND_BY, RETENTION, categories, purposes, subjects


def unclassified(models: Iterable[type[Model]], declarations: Sequence[Declaration]) -> list[str]:
    """One line for each stored field that no table mentions, and for each declaration that cannot be right.

    Empty means: every stored field of `models` is declared once, as personal data with known words or as not personal
    with a reason, and no declaration speaks of something that does not exist.
    """
    stored = {model._meta.label: stored_fields(model) for model in models if not model._meta.proxy}
    return [*_undeclared(stored, declarations), *_without_a_field(stored, declarations), *_wrong_words(declarations)]


def stored_fields(model: type[Model]) -> tuple[str, ...]:
    """The names of the fields with a column in the model's own table, in the order of the model."""
    return tuple(field.name for field in model._meta.local_concrete_fields)


def _undeclared(stored: dict[str, tuple[str, ...]], declarations: Sequence[Declaration]) -> Iterator[str]:
    times = Counter((declaration.model, field) for declaration in declarations for field in declaration.fields)
    for label, fields in sorted(stored.items()):
        for field in fields:
            if times[label, field] == 0:
                yield f"{label}.{field}: undeclared; add PersonalData or NotPersonal to the package's personal_data.py"
            elif times[label, field] > 1:
                yield f"{label}.{field}: declared {times[label, field]} times; keep one"


def _without_a_field(stored: dict[str, tuple[str, ...]], declarations: Sequence[Declaration]) -> Iterator[str]:
    for declaration in declarations:
        if declaration.model not in stored:
            yield f"{declaration.model}: declared, but there is no such model{_near(declaration.model, stored)}"
            continue
        for field in declaration.fields:
            if field not in stored[declaration.model]:
                near = _near(field, stored[declaration.model])
                yield f"{declaration.model}.{field}: declared, but the model stores no such field{near}"


def _wrong_words(declarations: Sequence[Declaration]) -> Iterator[str]:
    for declaration in declarations:
        where = f"{declaration.model}.{'/'.join(declaration.fields)}"
        if isinstance(declaration, NotPersonal):
            if not declaration.why.strip():
                yield f"{where}: NotPersonal needs a reason (why)"
            continue
        for attribute, known in _words():
            word = getattr(declaration, attribute)
            if word not in known:
                yield f'{where}: {attribute} "{word}" is not known{_near(word, known)}'


def _words() -> tuple[tuple[str, Iterable[str]], ...]:
    return (
        ("category", categories()),
        ("subject", subjects()),
        ("purpose", purposes()),
        ("retention", RETENTION),
        ("find_by", FIND_BY),
        ("export", EXPORT),
        ("erase", ERASE),
    )


def _near(word: str, known: Iterable[str]) -> str:
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known: {', '.join(known)}" if len(known) <= 12 else ""


def personal(declarations: Iterable[Declaration]) -> tuple[PersonalData, ...]:
    """Only the declarations that speak of people, ordered by model and field."""
    chosen = (declaration for declaration in declarations if isinstance(declaration, PersonalData))
    return tuple(sorted(chosen, key=lambda declaration: (declaration.model, declaration.fields)))
