"""The call's part in the trace of its event; nothing is known of one that nobody traces."""

from urllib.parse import urlsplit

from kernel import tracing
from webhooks.dispatch.store import Prepared
from webhooks.retries import Answer


def begin(prepared: Prepared) -> tracing.Span | None:
    """Begin the span of a call, if the event's trace is made and wanted."""
    if not tracing.is_on() or not tracing.is_sampled(prepared.traceparent):
        return None
    return tracing.begin(
        "POST webhook",
        kind=tracing.SpanKind.CLIENT,
        parent=prepared.traceparent,
        attributes={
            "http.request.method": "POST",
            "http.request.resend_count": prepared.attempt - 1,
            "server.address": urlsplit(prepared.url).hostname or "",  # the rest is the third party's own affair.
            "messaging.message.id": str(prepared.event_id),
            "cloudevents.event_type": prepared.type,
        },
    )


def end(span: tracing.Span | None, answer: Answer, *, is_delivered: bool) -> None:
    """Say how the call ended."""
    if span is None:
        return
    outcome = answer.failure.value if answer.failure else str(answer.status)
    span.end(
        attributes={} if answer.status is None else {"http.response.status_code": answer.status},
        error=None if is_delivered else outcome,
    )
