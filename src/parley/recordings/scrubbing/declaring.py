"""What a scrub found is declared as an incident, once for each scrub: damaged personal data is a breach of it.

The provider's clock starts when the scrub knows (GDPR Art. 33(2)): no human has to read a log first. Every object that
is found later in the same scrub belongs to the same incident; one that is known already raises nothing again.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from django.conf import settings
from django.utils.translation import gettext as _

from parley.agreement.api import CALL_RECORDING
from parley.backups import api as backups
from parley.governance.incidents import api as incidents
from parley.obligations import api as obligations
from parley.people import api as people
from parley.recordings.scrubbing.models import Finding
from parley.tenancy import api as tenancy

DECLARE: Final = "storage.incident"
SCRUBBER: Final = UUID("7d9c1f6e-35a2-5e0c-8f10-0b6c2a4f9e31")
"""Who declares: no person."""


def incident_of(scrub_id: UUID) -> UUID:
    """The incident that everything found by this scrub belongs to."""
    return uuid5(SCRUBBER, str(scrub_id))


def later(scrub_id: UUID, *, at: datetime) -> None:
    """Have it declared, in the caller's transaction; once is enough."""
    payload = {"scrub": str(scrub_id)}
    obligations.enqueue(kind=DECLARE, key=f"{DECLARE}:{scrub_id}", due=at, payload=payload)


def declared(work: obligations.Work) -> None:
    """The engine's handler. What is found after it belongs to the incident that then exists."""
    scrub_id = UUID(work.payload["scrub"])
    found = list(Finding.objects.filter(scrub=scrub_id).select_related("recording").order_by("found_at"))
    if not found:
        return  # all of it was erased meanwhile, and with it what was damaged
    missing = sum(one.what == "missing" for one in found)
    starts = [one.recording.started_at for one in found]
    handle, known_at = tenancy.current().handle, found[0].found_at
    knowledge = incidents.Knowledge(
        nature=_(
            "The nightly reading of stored recordings found %(objects)d objects that are not what the evidence log"
            " says of them: %(missing)d missing, %(other)d changed. They are listed on the page Storage."
        )
        % {"objects": len(found), "missing": missing, "other": len(found) - missing},
        consequences=_("These recordings cannot be played or handed out until they are repaired. They are sealed: "
                       "nothing indicates that anybody could hear them."),
        measures=_("Damaged objects are not served. Each is compared with the backups and put back from there."),
        unknown=_("What damaged them is being looked into."),
    )  # fmt: skip
    criteria = incidents.Criteria(
        offering=CALL_RECORDING, since=min(starts), until=max(starts) + timedelta(milliseconds=1), customers=(handle,)
    )
    backups.apart(
        lambda: incidents.declare(
            title=_("Damaged objects in storage"),
            kind="availability" if missing == len(found) else "integrity",
            known_at=known_at,
            knowledge=knowledge,
            contact=_contact(),
            criteria=criteria,
            by=SCRUBBER,
            at=work.now,
            incident_id=incident_of(scrub_id),
        )
    )


def _contact() -> incidents.ContactPoint:
    """The first of the provider's operators; the address that mail comes from where there is none."""
    # They are accounts of the provider's own database, whichever customer is in scope.
    staff = people.User.objects.using("provider").filter(role="operator", is_active=True)
    first = staff.order_by("created_at", "email").first()
    if first is None:
        return incidents.ContactPoint(name=_("Operations"), email=settings.PARLEY_MAIL_FROM)
    return incidents.ContactPoint(name=first.name, email=first.email)
