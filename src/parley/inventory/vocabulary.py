"""The words of a declaration, with their meaning. Category, purpose and subject come from the `fideslang` taxonomy."""

from functools import cache
from typing import Final

OWN_SUBJECTS: Final = {
    "call_party": "a person on a recorded call, whichever side",
}
"""Subjects that the taxonomy lacks."""

RETENTION: Final = {
    "with-recording": "as long as the recording that it belongs to",
    "with-account": "as long as the person's account, then with the evidence that names it",
    "with-customer": "until the customer's contract ends and its data is destroyed",
    "session": "until the session ends or expires",
    "rule": "as the customer's retention rule for this kind of record says",
    "backup": "until the backup that holds it has expired",
    "live": "while the call lasts",
    "evidence": "as long as the log is kept; the detail can be erased, the commitment stays",
    "work": "until the work is done and its trace is cleared",
    "short": "minutes to days, cleared by the part that wrote it",
}
"""How long the value stays, when nobody asks for less."""

FIND_BY: Final = {
    "number-index": "keyed blind index of a telephone number",
    "conversation-index": "keyed blind index of the call or group of calls",
    "email": "e-mail address",
    "user-id": "id of the user",
    "record": "through the record that it belongs to",
    "recording": "through the recording, found by number",
    "conversation": "through the conversation, found by number",
    "address": "network address",
    "evidence-detail": "search in the details of evidence",
    "customer": "through the customer alone: a person is not told apart",
}
"""How the rows of one person are found."""

EXPORT: Final = {
    "value": "as it is",
    "unsealed": "opened with the customer's key; sealed where the customer alone holds it",
    "file": "as a file",
    "withheld": "not handed out: a secret, or a derived value without meaning of its own",
}
"""How the value is handed to the person or the customer."""

ERASE: Final = {
    "delete-row": "the row is deleted",
    "blank": "the value is overwritten, the row stays",
    "delete-object": "the stored object is deleted, then the row",
    "with-parent": "goes when the row that it hangs on goes",
    "drop-detail": "detail and salt are deleted; the commitment in the log then says nothing",
    "expire": "goes by itself at the end of its time",
}
"""How the value is erased."""


@cache
def categories() -> frozenset[str]:
    """The keys of the data categories."""
    return _keys("data_category")


@cache
def purposes() -> frozenset[str]:
    """The keys of the data uses."""
    return _keys("data_use")


@cache
def subjects() -> frozenset[str]:
    """The keys of the data subjects, ours included."""
    return _keys("data_subject") | OWN_SUBJECTS.keys()


def _keys(part: str) -> frozenset[str]:
    # Imported late: it takes a quarter of a second, and only checks and reports need it.
    from fideslang.default_taxonomy import DEFAULT_TAXONOMY

    return frozenset(str(entry.fides_key) for entry in getattr(DEFAULT_TAXONOMY, part))
