"""What can go wrong when damage is looked after."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class NoSuchFinding(ParleyError):
    """There is no such finding, or it was resolved meanwhile."""

    error_id: ClassVar[str] = "storage.no-such-finding"
