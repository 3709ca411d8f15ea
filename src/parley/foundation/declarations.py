"""A declaration: what a stored field holds about people, or why it holds nothing about them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """A field that says something about a person.

    `model` is Django's label ("recordings.Recording"), `field` one field of it or several that are alike.
    `category` and `purpose` are keys of the `fideslang` taxonomy (data category, data use); `subject` is one of its
    data subjects or of `inventory.vocabulary.OWN_SUBJECTS`. `retention`, `find_by`, `export` and `erase` are keys
    of the tables of the same name in `inventory.vocabulary`.
    """

    model: str
    field: str | tuple[str, ...]
    category: str
    subject: str
    purpose: str
    retention: str
    find_by: str
    export: str
    erase: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields as a tuple."""
        return (self.field,) if isinstance(self.field, str) else self.field


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPersonal:
    """A field, or several that are alike, that says nothing about a person; `why` is a sentence for an auditor."""

    model: str
    field: str | tuple[str, ...]
    why: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields as a tuple."""
        return (self.field,) if isinstance(self.field, str) else self.field


Declaration = PersonalData | NotPersonal
