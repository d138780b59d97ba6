"""One OpenTelemetry trace: API call, event, broker, consumer, webhook."""

import secrets

import pytest

from kernel import tracing
from tests.support.otlp import a_span_receiver

CALLER = "00f067aa0ba902b7"


@pytest.fixture
def spans():
    with a_span_receiver() as receiving:
        tracing.configure(endpoint=receiving.endpoint, service="tests")
        yield receiving
        tracing.shut_down()


@pytest.fixture
def trace_id() -> str:
    """A trace of the test's own: topics still hold what earlier tests sent."""
    return secrets.token_hex(16)


def test_one_trace_leads_from_the_api_call_to_the_webhook(end_consent, spans, trace_id):
    end_consent(traceparent=f"00-{trace_id}-{CALLER}-01")
    tracing.flush()

    trace = {span.kind: span for span in spans.spans if span.trace_id == trace_id}
    assert trace.keys() == {"SERVER", "PRODUCER", "CONSUMER", "CLIENT"}
    assert trace["SERVER"].parent_id == CALLER
    assert trace["PRODUCER"].parent_id == trace["SERVER"].span_id
    assert trace["CONSUMER"].parent_id == trace["PRODUCER"].span_id
    assert trace["CLIENT"].parent_id == trace["SERVER"].span_id
    assert trace["CONSUMER"].attributes["messaging.consumer.group.name"] == "webhooks.fan-out"
    assert not any(span.is_error for span in trace.values())


def test_spans_hold_no_query_no_address_of_a_receiver_and_no_payload(end_consent, spans, trace_id, receiver):
    consent_id = end_consent(traceparent=f"00-{trace_id}-{CALLER}-01")
    tracing.flush()

    values = [str(value) for span in spans.spans for value in span.attributes.values()]
    assert not any(receiver.url in value or "{" in value for value in values)
    assert "DELETE /open-banking/v4.0/aisp/account-access-consents/<consent_id>" in {
        span.name.replace("<id:consent_id>", "<consent_id>") for span in spans.spans
    }
    assert any(consent_id in value for value in values)


def test_a_trace_that_its_caller_does_not_sample_makes_no_span(end_consent, spans, trace_id):
    end_consent(traceparent=f"00-{trace_id}-{CALLER}-00")
    tracing.flush()

    assert not [span for span in spans.spans if span.trace_id == trace_id]


def test_while_tracing_is_off_the_whole_way_makes_no_span(end_consent, monkeypatch):
    def refuse(*_args, **_details):
        raise AssertionError("a span was begun")

    monkeypatch.setattr(tracing, "begin", refuse)

    end_consent()
