"""What events look like to others: schemas, personal fields, reading of older and newer ones."""

from dataclasses import dataclass
from uuid import uuid4

import orjson
import pytest

from streaming.errors import InvalidEvent
from streaming.events import Event, event_class, event_schema, event_types
from streaming.snapshots import snapshot_differences
from streaming.topics import is_declared
from tests.support.builders.streaming import ThingMoved, a_thing_moved


def test_the_schemas_in_the_documents_are_those_of_the_classes():
    assert snapshot_differences() == [], "run: manage.py events schemas --write"


@pytest.mark.parametrize("event_type", event_types(), ids=lambda event_type: event_type.name)
def test_every_type_says_where_it_goes_and_what_it_is(event_type):
    assert is_declared(event_type.topic)
    schema = event_schema(event_type)
    assert event_type.subject in schema["properties"]
    assert (event_type.key or event_type.subject) in schema["properties"]
    assert schema["description"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("topic", sorted({event_type.topic for event_type in event_types()}))
def test_all_events_of_one_kind_of_thing_go_to_one_topic(topic):
    kinds = {event_type.aggregate_type for event_type in event_types() if event_type.topic == topic}
    elsewhere = {event_type.aggregate_type for event_type in event_types() if event_type.topic != topic}
    assert not kinds & elsewhere


def test_a_personal_field_is_marked_and_may_come_encrypted():
    assert event_schema(ThingMoved)["properties"]["whose"] == {"type": ["string", "null"], "x-personal": True}
    a_thing_moved(whose="enc:v1:key-1:c2VjcmV0").to_payload()


def test_a_payload_reads_back_as_the_same_event():
    event = a_thing_moved(consent_id=uuid4())
    assert ThingMoved.from_payload(event.to_payload()) == event


def test_a_reader_passes_over_fields_of_a_newer_writer_and_fills_in_those_of_an_older_one():
    payload = orjson.loads(a_thing_moved().to_payload())
    payload["colour"] = "blue"
    del payload["consent_id"]

    assert ThingMoved.from_payload(orjson.dumps(payload)).consent_id is None


def test_a_payload_that_lacks_a_field_is_refused():
    payload = orjson.loads(a_thing_moved().to_payload())
    del payload["step"]
    with pytest.raises(InvalidEvent):
        ThingMoved.from_payload(orjson.dumps(payload))


def test_two_classes_cannot_have_one_name():
    with pytest.raises(TypeError, match=r"tests\.thing\.moved"):

        @dataclass(frozen=True, slots=True, kw_only=True)
        class Impostor(Event):
            """Another one."""

            name = "tests.thing.moved"

    assert event_class("tests.thing.moved") is ThingMoved
