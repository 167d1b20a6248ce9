"""Prometheus metrics of one gateway, in a registry of its own."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Upper bounds of the histogram of answer times, in seconds."""

REFUSED = Counter(
    "punkcast_api_refused_connections_total", "Connections ended before an answer, by reason", labelnames=["reason"]
)
"""Of the process: the protocol knows no gateway."""


class _Answers:
    """Answers of one route and status: a count per bucket, the last one above all bounds."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class AnswerTimes(Collector):
    """Counts and times answers without a lock: the library's locks cost a hot answer several microseconds. One thread,
    the event loop's, observes and collects."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, int], _Answers] = defaultdict(_Answers)

    def observe(self, route: str, status: int, seconds: float) -> None:
        answers = self._answers[route, status]
        answers.counts[bisect_left(BOUNDS, seconds)] += 1
        answers.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("punkcast_api_requests", "Requests", labels=["route", "status"])
        times = HistogramMetricFamily("punkcast_api_request_seconds", "Seconds to answer", labels=["route"])
        of_route: dict[str, list[_Answers]] = defaultdict(list)
        for (route, status), answers in self._answers.items():
            requests.add_metric([route, str(status)], sum(answers.counts))
            of_route[route].append(answers)
        for route, parts in of_route.items():
            counts = accumulate(map(sum, zip(*(part.counts for part in parts), strict=True)))
            buckets = [(str(bound), float(count)) for bound, count in zip((*BOUNDS, "+Inf"), counts, strict=True)]
            times.add_metric([route], buckets, sum(part.seconds for part in parts))
        yield from (requests, times)


class GatewayMetrics:
    """What `/metrics` shows. Label sets are small."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answer_times = AnswerTimes()
        self.registry.register(self._answer_times)
        self.observe = self._answer_times.observe
        self.generation = Gauge(
            "punkcast_api_generation", "Generation in memory; 0 when there is none", registry=self.registry
        )
        self.age = Gauge("punkcast_api_nowcast_age_seconds", "Age of the nowcast being served", registry=self.registry)
        self.degraded = Gauge("punkcast_api_degraded", "1 while the flag is up", ["flag"], registry=self.registry)
        self.swaps = Counter("punkcast_api_swaps", "Generations taken over", registry=self.registry)
        self.load_seconds = Histogram(
            "punkcast_api_load_seconds", "Seconds to load and render", ["what"], registry=self.registry
        )
        self.refused_keys = Counter(
            "punkcast_api_refused_keys_total", "Requests refused with 401", ["kind"], registry=self.registry
        )
        self.limited = Counter("punkcast_api_rate_limited", "Requests refused with 429", registry=self.registry)
        self.limiter_failures = Counter(
            "punkcast_api_rate_limiter_failures", "Requests let through uncounted", registry=self.registry
        )

    def exposition(self) -> bytes:
        """This gateway's metrics and the process's own, in Prometheus' text format."""
        return generate_latest(self.registry) + generate_latest(REGISTRY)
