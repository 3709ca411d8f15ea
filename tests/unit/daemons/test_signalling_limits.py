"""How often a source may ask."""

from parley.daemons.signalling.limits import RateLimit


def test_a_burst_then_a_steady_rate_for_each_source() -> None:
    limit = RateLimit(per_second=2, burst=4)
    assert [limit.allows("a", now=0.0) for _ in range(6)] == [True] * 4 + [False] * 2
    assert limit.allows("b", now=0.0)
    assert [limit.allows("a", now=0.5) for _ in range(2)] == [True, False]
    assert [limit.allows("a", now=100.0) for _ in range(5)] == [True] * 4 + [False]


def test_only_the_last_sources_are_remembered() -> None:
    limit = RateLimit(per_second=1, burst=1)
    for number in range(10_000):
        limit.allows(str(number), now=0.0)
    assert len(limit._buckets) == 4_096
