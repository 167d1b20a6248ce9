"""Prometheus metrics of one gateway, in a registry of its own."""

from collections import defaultdict

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BATCH = 64
"""Answers counted together: the library's counters take locks, which costs a hot answer several microseconds."""


class GatewayMetrics:
    """What `/metrics` shows. Label sets are small."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("punkcast_api_requests", "Requests", ["route", "status"], registry=self.registry)
        self._seconds = Histogram(
            "punkcast_api_request_seconds",
            "Seconds to answer",
            ["route"],
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
            registry=self.registry,
        )
        self.generation = Gauge(
            "punkcast_api_generation", "Generation in memory; 0 when there is none", registry=self.registry
        )
        self.age = Gauge("punkcast_api_nowcast_age_seconds", "Age of the nowcast being served", registry=self.registry)
        self.degraded = Gauge("punkcast_api_degraded", "1 while the flag is up", ["flag"], registry=self.registry)
        self.swaps = Counter("punkcast_api_swaps", "Generations taken over", registry=self.registry)
        self.load_seconds = Histogram(
            "punkcast_api_load_seconds", "Seconds to load and render", ["what"], registry=self.registry
        )
        self.limited = Counter("punkcast_api_rate_limited", "Requests refused with 429", registry=self.registry)
        self.limiter_failures = Counter(
            "punkcast_api_rate_limiter_failures", "Requests let through uncounted", registry=self.registry
        )
        self._answered: dict[tuple[str, int], list[float]] = defaultdict(list)

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        answered = self._answered[route, status]
        answered.append(seconds)
        if len(answered) == BATCH:
            self._count()

    def _count(self) -> None:
        for (route, status), answered in self._answered.items():
            self._requests.labels(route, str(status)).inc(len(answered))
            histogram = self._seconds.labels(route)
            for seconds in answered:
                histogram.observe(seconds)
            answered.clear()

    def exposition(self) -> bytes:
        """This gateway's metrics and the process's own, in Prometheus' text format."""
        self._count()
        return generate_latest(self.registry) + generate_latest(REGISTRY)
