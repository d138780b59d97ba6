"""
Spans of one trace, from an API call to a webhook; made by hand, as their context travels through the event log.

Off until :func:`configure` says where to send them: nothing is made then, and trace contexts are passed on as they
came.
"""

import os
import socket
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["Attributes", "Span", "SpanKind", "begin", "configure", "flush", "is_on", "is_sampled", "shut_down"]

Attributes: TypeAlias = Mapping[str, str | int | bool]

SEND_WITHIN_S = 5.0
"""A collector that does not answer costs no more than that, and only the thread that sends."""


class Span:
    """One piece of work under way; ``traceparent`` is what its children are given."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """The W3C trace context of this span."""
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def end(self, *, name: str | None = None, attributes: Attributes | None = None, error: str | None = None) -> None:
        """Say that the work is done; ``error`` names what went wrong, never with data of a person in it."""
        if name is not None:
            self._span.update_name(name)
        if attributes:
            self._span.set_attributes(attributes)
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()


def configure(*, endpoint: str, service: str) -> None:
    """
    Send spans to an OTLP receiver, such as ``http://127.0.0.1:4318``; an empty address means that none are made.

    Nothing is started before the first span: a process that makes none, or forks first, pays nothing.
    """
    global _destination  # noqa: PLW0603 - one destination a process is the point of this module.
    shut_down()
    _destination = (endpoint, service) if endpoint else None


def is_on() -> bool:
    """Say whether spans are made; ask before work that only a span needs."""
    return _destination is not None


def is_sampled(traceparent: str | None) -> bool:
    """Say whether whoever began the trace wants its spans (W3C Trace Context §3.2.2.5.1)."""
    return traceparent is not None and traceparent[-1:] in _SAMPLED


def begin(name: str, *, kind: SpanKind, parent: str | None, attributes: Attributes | None = None) -> Span:
    """
    Begin a span below ``parent``, a ``traceparent``; without one a new trace begins.

    Only while :func:`is_on`.
    """
    tracer = _running_provider().get_tracer("millrace")
    context = _PROPAGATOR.extract({"traceparent": parent or ""})
    return Span(tracer.start_span(name, context=context, kind=kind, attributes=attributes))


def flush() -> None:
    """Send what has ended by now, and wait for it."""
    if _provider is not None:
        _provider.force_flush(int(SEND_WITHIN_S * 1000))


def shut_down() -> None:
    """Send what has ended by now, and make no more spans."""
    global _provider, _destination
    with _starting:
        if _provider is not None:
            _provider.shutdown()
        _provider, _destination = None, None


_SAMPLED = frozenset("13579bdf")
"""The last digits of flags whose lowest bit is set."""

_PROPAGATOR = TraceContextTextMapPropagator()

_destination: tuple[str, str] | None = None
_provider: "TracerProvider | None" = None
_starting = threading.Lock()


def _running_provider() -> "TracerProvider":
    """Start what sends spans; how much is sampled, and how often it is sent, the SDK's own variables say."""
    global _provider  # noqa: PLW0603 - as above.
    if _provider is not None:
        return _provider
    # Only a process that makes spans pays for the import.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    with _starting:
        if _provider is None:
            assert _destination is not None, "ask is_on() before a span is begun"
            endpoint, service = _destination
            resource = Resource.create(
                {"service.name": service, "service.instance.id": f"{socket.gethostname()}:{os.getpid()}"}
            )
            provider = TracerProvider(resource=resource)
            exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=SEND_WITHIN_S)
            provider.add_span_processor(BatchSpanProcessor(exporter))
            _provider = provider
        return _provider
