"""Counts for the first page: how many recordings, how long, and what went wrong."""

from datetime import datetime, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, FloatField, Max, Q, Sum
from django.db.models.functions import Cast, Extract, Floor

from parley.recordings.models import Recording
from parley.recordings.search import visible
from parley.recordings.views import Slot, Totals, Trouble, Viewer

CUT_SHORT = ("interrupted", "disk-full")
"""Reasons of an end that no party of the call chose."""


def figures(viewer: Viewer, *, since: datetime, until: datetime, step: timedelta) -> tuple[Slot, ...]:
    """Recordings that `viewer` may see, in slots of `step` from `since` to `until`, each counted where it began."""
    offset = Cast(Extract("started_at", "epoch"), FloatField()) - since.timestamp()
    length = ExpressionWrapper(F("ended_at") - F("started_at"), output_field=DurationField())
    counted = (
        visible(viewer)
        .filter(started_at__gte=since, started_at__lt=until)
        .annotate(slot=Floor(offset / step.total_seconds()))
        .values("slot")
        .annotate(number=Count("id"), length=Sum(length))
        .values_list("slot", "number", "length")
    )
    found = {int(slot): (number, length.total_seconds()) for slot, number, length in counted.order_by("slot")}
    slots = -(-(until - since) // step)
    return tuple(
        Slot(
            starts_at=since + number * step,
            recordings=found.get(number, (0, 0.0))[0],
            seconds=found.get(number, (0, 0.0))[1],
        )
        for number in range(slots)
    )


def attention(viewer: Viewer, *, since: datetime) -> Trouble:
    """What went wrong with recordings since then, as far as `viewer` may see."""
    counted = (
        visible(viewer)
        .filter(started_at__gte=since)
        .aggregate(
            unplayable=Count("id", filter=Q(rendition="failed")),
            interrupted=Count("id", filter=Q(reason__in=CUT_SHORT)),
        )
    )
    return Trouble(unplayable=counted["unplayable"], interrupted=counted["interrupted"])


def unplayable(*, since: datetime) -> dict[str, int]:
    """How many recordings from then on cannot be heard yet (`pending`) or at all (`failed`), of the customer in scope:
    numbers alone, for the provider."""
    left = Recording.objects.filter(started_at__gte=since, rendition__in=("pending", "failed"))
    return dict(left.values_list("rendition").annotate(number=Count("id")).order_by("rendition"))


def totals() -> Totals:
    """How much the customer in scope has: numbers alone, for the provider."""
    counted = Recording.objects.aggregate(number=Count("id"), last=Max("started_at"))
    return Totals(recordings=counted["number"], last=counted["last"])
