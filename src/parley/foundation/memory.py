"""How often Python looks for cycles among its objects: seldom, in processes that live long."""

import gc
from typing import Final

_YOUNG: Final = 50_000
"""Objects that came and did not go before the young are looked through (Python: 700). Rows in work are as many, none of
them in a cycle: looking through them again and again took an eighth of an import's time."""
_OLDER: Final = 20


def collect_seldom() -> None:
    """For a process that has loaded what it works with: that is never looked through again, and the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLDER)
