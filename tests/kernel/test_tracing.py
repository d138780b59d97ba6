"""Spans are made by hand, and only where somebody wants them."""

from collections.abc import Iterator

import pytest

from kernel import tracing
from tests.support.otlp import SpanReceiver, a_span_receiver

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def receiver() -> Iterator[SpanReceiver]:
    with a_span_receiver() as receiving:
        tracing.configure(endpoint=receiving.endpoint, service="tests")
        yield receiving
        tracing.shut_down()


def _begin(parent: str | None) -> tracing.Span:
    return tracing.begin("work", kind=tracing.SpanKind.SERVER, parent=parent)


def test_without_an_address_tracing_is_off():
    tracing.configure(endpoint="", service="tests")

    assert not tracing.is_on()


def test_a_span_continues_the_trace_of_its_parent(receiver):
    span = _begin(GIVEN)
    span.end(attributes={"n": 1})
    tracing.flush()

    (sent,) = receiver.spans
    assert span.traceparent == f"00-{sent.trace_id}-{sent.span_id}-01"
    assert (sent.trace_id, sent.parent_id) == (GIVEN[3:35], GIVEN[36:52])
    assert sent.attributes == {"n": 1}
    assert not sent.is_error


@pytest.mark.parametrize("parent", [None, "", "nonsense"])
def test_without_a_parent_a_trace_begins(receiver, parent):
    _begin(parent).end()
    tracing.flush()

    assert receiver.spans[0].parent_id == ""


def test_a_span_that_failed_says_why(receiver):
    _begin(None).end(error="status_503")
    tracing.flush()

    assert receiver.spans[0].is_error
    assert receiver.spans[0].attributes["error.type"] == "status_503"


def test_what_the_caller_does_not_sample_is_not_sent_but_passed_on(receiver):
    span = _begin(GIVEN[:-2] + "00")
    span.end()
    tracing.flush()

    assert receiver.spans == []
    assert span.traceparent[3:35] == GIVEN[3:35]
    assert not tracing.is_sampled(span.traceparent)


@pytest.mark.parametrize(("traceparent", "is_sampled"), [(GIVEN, True), (GIVEN[:-2] + "00", False), (None, False)])
def test_the_flags_say_whether_a_trace_is_sampled(traceparent, is_sampled):
    assert tracing.is_sampled(traceparent) is is_sampled


def test_a_receiver_that_is_not_there_breaks_nothing():
    tracing.configure(endpoint="http://127.0.0.1:9", service="tests")

    _begin(None).end()

    tracing.shut_down()
    assert not tracing.is_on()
