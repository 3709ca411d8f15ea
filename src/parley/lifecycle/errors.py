"""What lifecycle refuses, and what keeps a destruction from being called complete."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class LifecycleError(ParleyError):
    """Something about the end of a contract cannot be done."""

    error_id: ClassVar[str] = "lifecycle.error"


class DepartureRefused(LifecycleError):
    """Not now, or not under this agreement; nothing was changed."""

    error_id: ClassVar[str] = "lifecycle.refused"


class CodeRefused(DepartureRefused):
    """No code is sent (any more), or the one that was typed does not confirm; nothing was changed."""

    error_id: ClassVar[str] = "lifecycle.code"


class UnknownDeparture(LifecycleError):
    """There is no such departure, or the link is not valid (any more)."""

    error_id: ClassVar[str] = "lifecycle.unknown"


class StillThere(LifecycleError):
    """Something of the customer was found after its destruction: nothing is certified, and it is tried again."""

    error_id: ClassVar[str] = "lifecycle.still-there"
