"""The platform's metrics, in the default registry of the Prometheus client library."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "punkcast_messages_total",
    "Deliveries by outcome: done, duplicate, forged, retry, dead, cancelled",
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
SOURCE_HEAD = Gauge("punkcast_source_head", "Newest block of the chain at the last look")
SOURCE_BLOCK = Gauge("punkcast_source_block", "Last block read")
SOURCE_BLOCK_TIME = Gauge("punkcast_source_block_time_seconds", "Time of the last block read, Unix seconds")
SOURCE_FAILURES = Counter("punkcast_source_failures_total", "Looks at the source that failed")
NODE_FAILURES = Gauge("punkcast_node_failures", "Failures of a node since the start of the process", ["node"])
REORGANISATIONS = Counter("punkcast_reorganisations_total", "Reorganisations that superseded events")
DATABASE_BYTES = Gauge("punkcast_database_bytes", "Size of the database after the last retention run")
NOWCASTS_BYTES = Gauge("punkcast_nowcasts_bytes", "Size of the rows of nowcasts, indexes included, after that run")
STORE_OBJECTS = Gauge("punkcast_store_objects", "Objects in the object store after that run", ["kind"])
STORE_BYTES = Gauge("punkcast_store_bytes", "Bytes in the object store after that run", ["kind"])
MISSING_CLOSES = Gauge("punkcast_missing_closes", "Days without an ETH/USD close")
