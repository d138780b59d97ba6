"""A breaking change goes beside: readers of the old topic get the same events in the form that they know."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.db import transaction

from streaming import outbox, topics
from streaming.consumers import RawRecord
from streaming.contracts.asyncapi import document_of
from streaming.contracts.page import page_of
from streaming.contracts.registry import contract_of
from streaming.contracts.releases import release_folder
from streaming.earlier_forms import EarlierForm
from streaming.envelope import LogRow, headers_of
from streaming.relaying import earlier_forms
from streaming.relaying.earlier_forms import form_on, with_earlier_forms
from tests.support.builders.streaming import ThingMoved, a_thing_moved
from tests.support.streams import published, relay_once

OLD_TOPIC = "tests.things.v0"
topics.declare(OLD_TOPIC, partitions=3, retention_days=1, owner="tests")


def in_paces(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the payload as it was when a step was called a pace."""
    return {**{name: value for name, value in payload.items() if name != "step"}, "pace": payload["step"]}


OLD_FORM = EarlierForm(schema_version=0, topic=OLD_TOPIC, down_convert=in_paces)


@pytest.fixture
def _superseded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the event have an earlier form, on a topic of its own."""
    monkeypatch.setattr(ThingMoved, "earlier", (OLD_FORM,))
    earlier_forms._forms.cache_clear()
    yield
    earlier_forms._forms.cache_clear()


def a_row(step: int = 1, **changes: Any) -> LogRow:
    """Return what the log holds of a move."""
    event = a_thing_moved(step=step)
    row = LogRow(
        id=7,
        event_id=str(uuid4()),
        aggregate_id=event.aggregate_id,
        version="3",
        type=event.name,
        schema_version=event.schema_version,
        topic=event.topic,
        key=event.aggregate_id,
        payload=event.to_payload(),
        traceparent=None,
        correlation_id=None,
        causation_id=None,
        occurred_at="2026-11-01T09:00:00.000000Z",
    )
    return row._replace(**changes)


def first_sightings(topic: str, thing_id: UUID) -> list[RawRecord]:
    """Return the records about a thing without repetitions, which a relay that lost its lease may have sent."""
    seen: dict[str, RawRecord] = {}
    for record in published(topic):
        if record.key == str(thing_id):
            seen.setdefault(record.headers["ce_id"], record)
    return list(seen.values())


def test_rows_without_earlier_forms_stay_as_they_are():
    rows = [a_row(), a_row(type="tests.thing.stopped"), a_row(type="nobody.knows.it")]
    assert with_earlier_forms(rows) is rows


@pytest.mark.usefixtures("_superseded")
def test_each_event_goes_to_both_topics_in_order_with_the_same_id_and_version():
    rows = [a_row(step) for step in range(1, 4)]

    sent = with_earlier_forms(rows)

    assert [row for row in sent if row.topic == "tests.things.v1"] == rows
    old = [row for row in sent if row.topic == OLD_TOPIC]
    assert [(row.event_id, row.version, row.key) for row in old] == [(r.event_id, r.version, r.key) for r in rows]
    assert [orjson.loads(row.payload)["pace"] for row in old] == [1, 2, 3]
    assert {dict(headers_of(row, epoch=1))["schema-version"] for row in old} == {"0"}
    assert {dict(headers_of(row, epoch=1))["ce_dataschema"] for row in old} == {
        "urn:millrace:event:tests.thing.moved:0"
    }


@pytest.mark.usefixtures("_superseded")
def test_what_was_recorded_before_the_change_goes_to_its_own_topic_only():
    before = a_row(schema_version=0, topic=OLD_TOPIC)
    assert with_earlier_forms([before]) == [before]


@pytest.mark.usefixtures("_superseded")
def test_an_event_is_found_in_the_form_of_either_topic():
    row = a_row()
    assert form_on(row, "tests.things.v1") == row
    assert form_on(row, OLD_TOPIC).schema_version == 0


@pytest.mark.usefixtures("_superseded")
@pytest.mark.django_db(transaction=True)
def test_the_relay_publishes_both_forms_of_each_event_in_order():
    thing = uuid4()
    with transaction.atomic():
        outbox.record_many([a_thing_moved(thing, step=step) for step in range(1, 21)])

    relay_once()

    present, old = first_sightings("tests.things.v1", thing), first_sightings(OLD_TOPIC, thing)
    assert [orjson.loads(record.value)["step"] for record in present] == list(range(1, 21))
    assert [orjson.loads(record.value)["pace"] for record in old] == list(range(1, 21))
    for name in ("ce_id", "aggregate-version", "ce_time"):
        assert [record.headers[name] for record in old] == [record.headers[name] for record in present]


@pytest.mark.usefixtures("_superseded")
def test_the_documents_name_the_earlier_form_on_its_topic(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    contract = contract_of(ThingMoved)
    folder = release_folder() / contract.name
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(json.dumps({**contract.document, "x-schema-version": 0, "x-topic": OLD_TOPIC}))
    old = topics.get_topic(OLD_TOPIC)

    document = document_of([contract], [contract.topic, old], [])

    assert list(document["channels"][OLD_TOPIC]["messages"]) == ["tests.thing.moved.0"]
    assert f"schema version 0, on `{OLD_TOPIC}`" in page_of([contract], [contract.topic, old], [])
