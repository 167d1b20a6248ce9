"""One log for the platform and its libraries: text on a console, JSON for machines."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.settings import Settings

# During an outage the broker's client library logs a traceback per attempt and per lost channel. The bus logs one line
# for the loss and one for the recovery.
_SILENCED = ("aio_pika", "aiormq")
_QUIET = ("aiobotocore", "botocore", "urllib3", "httpx", "httpcore", "asyncio")


def configure(settings: Settings, service: str) -> None:
    """Set up logging for this process, with `service` in every line. Tests may call it again."""

    def with_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        with_service,
    ]
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_format == "json":
        final += [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(default=str)]
    else:
        final += [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
