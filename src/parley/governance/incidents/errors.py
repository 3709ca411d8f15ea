"""What can go wrong with incidents."""

from typing import ClassVar

from parley.foundation.errors import ParleyError


class IncidentError(ParleyError):
    """The base of this package's errors."""

    error_id: ClassVar[str] = "incidents.error"


class IncidentRefused(IncidentError):
    """Something about an incident cannot be done as asked. `field` names what to change, "" for none."""

    error_id: ClassVar[str] = "incidents.refused"

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class NoSuchIncident(IncidentError):
    """There is no incident, notice or letter of that id where it was looked for."""

    error_id: ClassVar[str] = "incidents.no_such_incident"

    def __init__(self) -> None:
        super().__init__("there is no such incident here", remedy="Look into the register of incidents.")
