"""Logs as JSON lines on standard output, Prometheus metrics, OpenTelemetry traces when an endpoint is set."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, StatusCode
from prometheus_client import Counter, Gauge, Histogram
from structlog.typing import Processor

from shared import failures

BATCHES = Counter("sluice_batches", "Batches taken from Kafka, by what became of them", ["service", "topic", "outcome"])
BATCH_TRANSACTIONS = Counter("sluice_batch_transactions", "Transactions committed for batches", ["service", "topic"])
BATCH_SECONDS = Histogram(
    "sluice_batch_seconds",
    "Time from a batch's arrival to its commit",
    ["service", "topic"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
MESSAGES_TAKEN = Counter("sluice_messages_taken", "Messages by what became of them", ["service", "topic", "outcome"])
LAG = Gauge(
    "sluice_consumer_lag_records", "Records not yet taken, as seen at the last batch", ["service", "topic", "partition"]
)
PARKED = Gauge("sluice_parked", "Messages that wait for a person", ["service"])
MESSAGES_PUT = Counter("sluice_messages_put", "Messages written to the outbox")
MESSAGES_SENT = Counter("sluice_messages_sent", "Messages the broker has acknowledged", ["service"])
OUTBOX_AGE = Gauge("sluice_outbox_oldest_age_seconds", "Age of the oldest message that is not sent", ["service"])
RELAY_OWNER = Gauge("sluice_relay_owner", "1 where this process publishes the service's outbox", ["service"])
MESSAGES_UNSENDABLE = Counter(
    "sluice_messages_unsendable", "Messages parked because the broker would never take them", ["service"]
)
BROKER_LOSSES = Counter("sluice_broker_losses", "Times the broker was found to have lost messages", ["service"])
CONSUMING = Gauge("sluice_consuming", "1 where this process has started its consumers", ["service"])
HTTP_SECONDS = Histogram(
    "sluice_http_seconds",
    "Time to answer a request",
    ["service", "method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "signature")


def configure_logging(level: str = "INFO", *, readable: bool = False) -> None:
    """Send every log line of the process to standard output: JSON, or coloured text for people."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(failures.render),
        _hide_secrets,
    ]
    last: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty()) if readable else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _StandardOutput()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("aiokafka", "uvicorn.access", "httpx", "faststream", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Writes to what standard output is at the moment, as the other loggers do."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override] # read at every line, so there is nothing to set
        """Standard output."""
        return sys.stdout


def _hide_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field in event:
        if any(word in field.lower() for word in SECRET_WORDS):
            event[field] = "***"
    return event


def configure_tracing(service: str, endpoint: str | None) -> None:
    """Send spans to an OTLP/HTTP endpoint such as `http://collector:4318/v1/traces`; without one, tracing stays off."""
    if endpoint is None:
        return
    provider = TracerProvider(resource=Resource.create({"service.name": f"sluice-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


def traceparent() -> str | None:
    """The W3C trace context of what is being done now, to be kept with the messages it writes; None when not traced."""
    if trace.get_current_span() is trace.INVALID_SPAN:
        return None
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def request_span(name: str, headers: Mapping[str, str]) -> Iterator[None]:
    """Trace a request, as a part of the caller's trace when it sent one."""
    if "traceparent" not in headers and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        # Nobody traces: a span that goes nowhere still costs as much as reading the request.
        yield
        return
    with _span(name, context=extract(headers), kind=SpanKind.SERVER):
        yield


@contextmanager
def batch_span(name: str, traceparents: set[str]) -> Iterator[None]:
    """Trace the handling of a batch. A batch of one trace continues it; one of several is linked to each of them."""
    contexts = [extract({"traceparent": parent}) for parent in sorted(traceparents)[:128]]
    links = [Link(trace.get_current_span(context).get_span_context()) for context in contexts]
    parent = contexts[0] if len(contexts) == 1 else None
    with _span(name, context=parent, kind=SpanKind.CONSUMER, links=links if parent is None else ()):
        yield


@contextmanager
def _span(name: str, **how: Any) -> Iterator[None]:
    # OpenTelemetry would record an exception with all that PostgreSQL says about the row.
    with trace.get_tracer("sluice").start_as_current_span(
        name, record_exception=False, set_status_on_exception=False, **how
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_status(StatusCode.ERROR, failures.describe(error))
            raise
