"""``manage.py trace``: every hop of the way, found by any id of it."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from streaming import outbox
from streaming.broker_topics import apply_topics
from streaming.consuming.registry import get_group
from streaming.models import DeadLetter, StoredEvent
from streaming.selectors import MASK
from tests.openbanking.conftest import INTERACTION_ID
from tests.streaming.effects import REJECTED_STEP
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import deliver_log, drain, published, relay_once
from webhooks.models import Delivery


def _trace(identifier: str, *options: str) -> str:
    out = StringIO()
    call_command("trace", identifier, *options, stdout=out)
    return out.getvalue()


def _parts(identifier: str) -> list[str]:
    return [hop["part"] for hop in json.loads(_trace(identifier, "--json"))]


def test_every_hop_has_its_time_and_the_time_since_the_one_before(end_consent):
    end_consent()

    hops = {hop["part"]: hop for hop in json.loads(_trace(INTERACTION_ID, "--json"))}

    assert list(hops) == ["call", "event", "topic", "consumer", "webhook", "attempt"]
    assert all(hop["at"] for hop in hops.values())
    assert all(hop["took_ms"] is not None for part, hop in hops.items() if part != "call")
    assert hops["event"]["details"]["type"] == "consents.consent.ended"
    assert hops["consumer"]["details"] == {"group": "webhooks.fan-out", "state": "applied", "detail": ""}
    assert hops["attempt"]["details"]["status"] == 204


def test_any_id_of_the_way_leads_to_all_of_it(end_consent):
    consent_id = end_consent()
    ended = StoredEvent.objects.get(type="consents.consent.ended")
    way = _parts(INTERACTION_ID)

    for identifier in (str(ended.event_id), ended.event_id.hex, str(Delivery.objects.get().id)):
        assert _parts(identifier) == way
    assert set(way) <= set(_parts(consent_id))
    assert _parts(consent_id).count("event") == 2, "it was lodged before it was ended"


def test_the_table_tells_it_to_people(end_consent):
    end_consent()

    table = _trace(INTERACTION_ID)

    assert "consents.consent.ended, consent" in table
    assert "webhooks.fan-out, applied" in table
    assert "status_204" in table


@pytest.mark.django_db
@pytest.mark.parametrize("identifier", ["7d1f0f0e-57c5-4f0e-9d83-3c64a1f2f2d5", "1234567890123", "nonsense"])
def test_what_leads_nowhere_is_refused(identifier):
    with pytest.raises(CommandError):
        _trace(identifier)


@pytest.mark.django_db(transaction=True)
def test_what_has_not_come_to_a_hop_is_there_without_a_time():
    apply_topics()
    thing_id = uuid4()
    with transaction.atomic():
        outbox.record(a_thing_moved(thing_id, whose="Ada Norris"))

    hops = json.loads(_trace(str(thing_id), "--json"))

    assert [(hop["part"], hop["at"] is None) for hop in hops][:2] == [("event", False), ("topic", True)]
    waiting = {hop["details"]["group"]: hop["details"]["state"] for hop in hops if hop["part"] == "consumer"}
    assert waiting["tests.effects"] == "waiting"


@pytest.mark.django_db(transaction=True)
def test_what_mentions_a_thing_soon_after_belongs_to_its_way():
    apply_topics()
    thing_id, other_id = uuid4(), uuid4()
    with transaction.atomic():
        outbox.record(a_thing_moved(thing_id))
        outbox.record(a_thing_moved(other_id, whose=str(thing_id)))
        outbox.record(a_thing_moved())

    hops = json.loads(_trace(str(thing_id), "--json"))

    things = [hop["details"]["aggregate_id"] for hop in hops if hop["part"] == "event"]
    assert things == [str(thing_id), str(other_id)]


@pytest.mark.django_db(transaction=True)
def test_personal_data_is_masked_in_table_and_json():
    apply_topics()
    thing_id = uuid4()
    with transaction.atomic():
        outbox.record(a_thing_moved(thing_id, whose="Ada Norris"))

    table, document = _trace(str(thing_id)), _trace(str(thing_id), "--json")

    assert "Norris" not in table + document
    assert json.loads(document)[0]["details"]["payload"]["whose"] == MASK


@pytest.mark.django_db(transaction=True)
def test_a_record_is_found_among_all_of_its_topic():
    with transaction.atomic():
        outbox.record_many([a_thing_moved() for _ in range(50)])
        outbox.record(a_thing_moved(thing_id := uuid4()))
        outbox.record_many([a_thing_moved() for _ in range(50)])
    relay_once()
    (record,) = [each for each in published("tests.things.v1") if each.key == str(thing_id)]

    topic = next(hop for hop in json.loads(_trace(str(thing_id), "--json")) if hop["part"] == "topic")

    assert topic["details"] == {"topic": "tests.things.v1", "partition": record.partition, "offset": record.offset}


@pytest.mark.django_db(transaction=True)
def test_a_letter_is_told_in_place_of_an_effect():
    thing_id = uuid4()
    with transaction.atomic():
        outbox.record(a_thing_moved(thing_id, step=REJECTED_STEP))
    relay_once()
    drain("tests.effects")

    hops = json.loads(_trace(str(thing_id), "--json"))

    letter = next(hop for hop in hops if hop["details"].get("group") == "tests.effects")
    assert letter["details"] == {"group": "tests.effects", "state": "poison", "detail": "Reject: no such step"}


@pytest.mark.django_db(transaction=True)
def test_a_letter_that_was_applied_later_is_followed_into_the_view(now, monkeypatch):
    apply_topics()
    monkeypatch.setattr(get_group("tests.effects"), "views", ("tests_effect",))
    with transaction.atomic():
        outbox.record(a_thing_moved(thing_id := uuid4(), step=REJECTED_STEP))
    deliver_log("tests.effects")
    DeadLetter.objects.update(state=DeadLetter.State.REDRIVEN, resolved_at=now)

    hops = json.loads(_trace(str(thing_id), "--json"))

    (view,) = [hop for hop in hops if hop["part"] == "view" and hop["what"] == "tests_effect"]
    assert view["at"] == now.isoformat()
