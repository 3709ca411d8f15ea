"""How often a source may ask."""

from collections import OrderedDict

_SOURCES = 4_096


class RateLimit:
    """A token bucket for each source; only the sources that asked last are remembered."""

    def __init__(self, *, per_second: float, burst: float) -> None:
        self._rate = per_second
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, source: str, *, now: float) -> bool:
        """Whether `source` may ask at `now` (seconds that only grow); asking counts."""
        tokens, since = self._buckets.pop(source, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        allowed = tokens >= 1
        self._buckets[source] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > _SOURCES:
            self._buckets.popitem(last=False)
        return allowed
