"""
The log's part in a trace: a record sent, a record applied.

Only traces that somebody began are continued: events that the core caused begin none, so that a bulk of them costs
nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kernel import tracing
from streaming.consuming.items import Item
from streaming.consuming.registry import Group
from streaming.envelope import LogRow


class SendingSpans:
    """The spans of rows on their way to the broker; ``rows`` name them as the parents of whoever reads the records."""

    def __init__(self, rows: Sequence[LogRow]) -> None:
        self.rows = rows
        self._spans: list[tracing.Span] = []
        if tracing.is_on():
            self.rows = [self._begin(row) if tracing.is_sampled(row.traceparent) else row for row in rows]

    def end(self, error: str | None = None) -> None:
        """Say that the broker has them, or refused one."""
        while self._spans:
            self._spans.pop().end(error=error)

    def _begin(self, row: LogRow) -> LogRow:
        span = tracing.begin(
            f"send {row.topic}",
            kind=tracing.SpanKind.PRODUCER,
            parent=row.traceparent,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "send",
                "messaging.destination.name": row.topic,
                "messaging.message.id": row.event_id,
                "cloudevents.event_type": row.type,
                "cloudevents.event_subject": row.aggregate_id,
            },
        )
        self._spans.append(span)
        return row._replace(traceparent=span.traceparent)


@contextmanager
def applying(group: Group, items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """
    Span the body of a ``with`` for each record that the group handles, from before the transaction to its end.

    What is yielded instead of the records names the spans as the parents of what the handlers record.
    """
    if not tracing.is_on():
        yield items
        return
    spans: list[tracing.Span] = []
    spanned = [_begin(group, item, len(items), spans) for item in items]
    error: str | None = None
    try:
        yield spanned
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        for span in spans:
            span.end(error=error)


def _begin(group: Group, item: Item, batch: int, spans: list[tracing.Span]) -> Item:
    record = item.record
    parent = record.headers.get("traceparent")
    if not tracing.is_sampled(parent) or record.headers.get("ce_type") not in group.by_type:
        return item
    span = tracing.begin(
        f"process {record.topic}",
        kind=tracing.SpanKind.CONSUMER,
        parent=parent,
        attributes={
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            "messaging.consumer.group.name": group.name,
            "messaging.batch.message_count": batch,
            "messaging.message.id": record.headers.get("ce_id", ""),
            "cloudevents.event_type": record.headers["ce_type"],
        },
    )
    spans.append(span)
    return item.traced(span.traceparent)
