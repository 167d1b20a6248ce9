"""The platform's metrics, in the default registry of the Prometheus client library."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "punkcast_messages_total",
    "Deliveries by outcome: done, duplicate, retry, dead, cancelled",
    ["consumer", "type", "outcome"],
)
HANDLER_SECONDS = Histogram(
    "punkcast_handler_seconds",
    "Time in a handler, transaction included",
    ["consumer", "type"],
    buckets=(0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
DEAD_LETTERS = Counter("punkcast_dead_letters_total", "Messages sent to the dead-letter queue", ["consumer"])
PUBLISHED = Counter("punkcast_published_total", "Messages that the broker has confirmed", ["type"])
PUBLISH_FAILURES = Counter("punkcast_publish_failures_total", "Publishes that failed", ["reason"])
OUTBOX_DEPTH = Gauge("punkcast_outbox_depth", "Rows in the outbox at the relay's last poll")
OUTBOX_AGE_SECONDS = Gauge("punkcast_outbox_age_seconds", "Age of the oldest row in the outbox")
BUS_HEALTHY = Gauge("punkcast_bus_healthy", "1 while connected with every consumer attached")
BACKGROUND_FAILURES = Counter(
    "punkcast_background_failures_total", "Crashes of a service's background loop", ["service"]
)
