"""What an event is: its schema, its personal fields, and how older and newer ones are read."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import orjson
import pytest
from django.db.models import TextChoices
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.contracts.registry import contracts
from streaming.errors import InvalidEvent
from streaming.events import Event, event_class, event_schema, event_types
from streaming.schemas import OpenEnum
from streaming.topics import is_declared
from tests.support.builders.streaming import LONG_AGO, ThingMoved, a_thing_moved

_CONTRACTS = contracts()
_SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
_JSON = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


class Colour(OpenEnum, TextChoices):
    RED = "red"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingPainted(Event):
    """A thing got a colour."""

    name = "tests.thing.painted"
    aggregate_type = "thing"
    subject = "thing_id"
    topic = "tests.things.v1"

    thing_id: UUID
    colour: Colour


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


@settings(max_examples=25)
@given(st.dictionaries(st.text(min_size=1), _JSON, max_size=4))
def test_a_reader_passes_over_what_a_newer_writer_added_to_any_event(added):
    for contract in _CONTRACTS:
        newer = orjson.dumps({**added, **contract.example})
        assert orjson.loads(contract.event_type.from_payload(newer).to_payload()) == contract.example


def test_a_reader_fills_in_what_an_older_writer_did_not_have():
    payload = orjson.loads(a_thing_moved().to_payload())
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


def test_a_reader_takes_a_value_of_an_open_enum_that_it_does_not_know_as_other():
    assert event_schema(ThingPainted)["properties"]["colour"]["x-open"] is True
    payload = orjson.loads(ThingPainted(occurred_at=LONG_AGO, thing_id=uuid4(), colour=Colour.RED).to_payload())
    newer = orjson.dumps({**payload, "colour": "ultraviolet"})
    assert ThingPainted.from_payload(newer).colour is Colour.OTHER
