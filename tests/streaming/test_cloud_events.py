"""
The records on the topics against the CloudEvents Kafka protocol binding 1.0.2, binary content mode.

Its sections: 3.2.1 ``content-type`` is the event's ``datacontenttype`` and no other attribute has that header;
3.2.2 the value is the event's data as it is; 3.2.3 each other attribute is a header of its name with ``ce_`` before it,
in UTF-8; 3.1 the key may be set.
"""

import re
from datetime import datetime
from uuid import UUID

import orjson
import pytest
from django.db import transaction

from kernel import context
from kernel.identifiers import new_id
from streaming import outbox
from streaming.contracts.registry import contracts
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import published, relay_once

REQUIRED = {"specversion", "id", "source", "type"}
OPTIONAL = {"datacontenttype", "dataschema", "subject", "time"}
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.django_db(transaction=True)
def test_a_record_is_a_cloud_event_in_binary_mode():
    event = a_thing_moved(whose="Zoë Ångström")
    event_id = new_id()
    with transaction.atomic(), context.acting(correlation_id="call-1", traceparent=TRACEPARENT):
        outbox.record(event, event_id=event_id)
    relay_once()

    record = next(record for record in published("tests.things.v1") if record.key == str(event.thing_id))

    assert record.headers["content-type"] == "application/json"
    assert orjson.loads(record.value)["whose"] == "Zoë Ångström"
    assert record.headers["ce_specversion"] == "1.0"
    assert record.headers["ce_id"] == str(event_id)
    assert record.headers["ce_type"] == "tests.thing.moved"
    assert record.headers["ce_subject"] == str(event.thing_id)
    assert record.headers["traceparent"] == TRACEPARENT
    assert record.headers["correlation-id"] == "call-1"


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.name)
def test_the_headers_of_every_type_obey_the_binding(contract):
    headers = contract.example_headers
    attributes = {name.removeprefix("ce_"): value for name, value in headers.items() if name.startswith("ce_")}

    assert attributes.keys() >= REQUIRED
    assert attributes.keys() <= REQUIRED | OPTIONAL
    assert "datacontenttype" not in attributes, "content-type carries it"
    assert not headers["content-type"].startswith("application/cloudevents"), "that would be structured mode"
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in attributes)
    assert all(value and value.isprintable() for value in headers.values())
    assert str(UUID(attributes["id"])) == attributes["id"]
    assert attributes["type"] == contract.name
    assert re.fullmatch(r"urn:millrace:[a-z0-9-]+", attributes["source"])
    assert attributes["dataschema"] == contract.schema["$id"]
    assert datetime.fromisoformat(attributes["time"]).utcoffset() is not None
    assert headers["schema-version"] == str(contract.schema_version)
    assert headers["pii-class"] == contract.personal_data
