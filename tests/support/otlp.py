"""An OTLP receiver on the loopback range: keeps the spans that it is sent."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.support.loopback import serving


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSpan:
    """One span as it arrived; ids in hexadecimal, as a ``traceparent`` has them."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    is_error: bool
    attributes: dict[str, str | int | bool]


@dataclass(slots=True)
class SpanReceiver:
    """What arrived, in the order of arrival."""

    endpoint: str
    spans: list[SentSpan] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[SentSpan]:
        """Return the spans of a kind, such as ``SERVER``."""
        return [span for span in self.spans if span.kind == kind]


@contextmanager
def a_span_receiver() -> Iterator[SpanReceiver]:
    """Run a receiver for the body of a ``with``."""
    with serving(_Handler) as server:
        server.receiver = SpanReceiver(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        yield server.receiver  # type: ignore[attr-defined]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.receiver.spans.extend(map(_read, scope.spans))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


def _read(span: Any) -> SentSpan:
    return SentSpan(
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        is_error=span.status.code == Status.STATUS_CODE_ERROR,
        attributes={each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes},
    )
