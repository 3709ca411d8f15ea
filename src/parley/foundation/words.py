"""Words of a text as people type them: what search compares, in every offering alike. Pure."""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Letters as people type them: no case, no accents ("Müller" is "muller", "Weiß" is "weiss")."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    return _WORD.findall(fold(text))
