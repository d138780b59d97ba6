"""What staff see of the log: no personal data unasked, and asking is an event."""

import pytest
from django.urls import reverse

from kernel import context
from kernel.identifiers import new_id
from oauth.models import User
from streaming import outbox
from streaming.errors import EventNotFound, ReasonMissing
from streaming.events import PayloadRevealed
from streaming.models import StoredEvent
from streaming.selectors import MASK, get_event, list_events
from streaming.services import reveal_payload
from tests.support.builders.streaming import a_thing_moved
from tests.support.streams import recorded_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> StoredEvent:
    outbox.record(a_thing_moved(whose="Ada Norris", consent_id=new_id()))
    return StoredEvent.objects.get()


def test_personal_fields_are_masked_unless_they_are_asked_for(event):
    assert get_event(event_id=event.event_id).payload["whose"] == MASK
    assert get_event(event_id=event.event_id, is_masked=False).payload["whose"] == "Ada Norris"


def test_a_history_is_newest_first_and_found_by_what_it_belongs_to(event):
    outbox.record(a_thing_moved(consent_id=event.consent_id, step=2))
    outbox.record(a_thing_moved())

    assert [entry.payload["step"] for entry in list_events(consent_id=event.consent_id)] == [2, 1]
    assert [entry.version for entry in list_events(aggregate=("thing", event.aggregate_id))] == [1]


def test_to_look_at_a_payload_is_recorded_with_its_reason(event, now):
    with context.acting(actor="staff:7"):
        shown = reveal_payload(event_id=event.event_id, reason=" complaint 12 ", now=now)

    assert shown["whose"] == "Ada Norris"
    (revealed,) = recorded_events(PayloadRevealed)
    assert (revealed.revealed_event_id, revealed.reason) == (event.event_id, "complaint 12")
    assert revealed.consent_id == event.consent_id
    assert list_events(types=[PayloadRevealed.name])[0].actor == "staff:7"


def test_nothing_is_shown_without_a_reason_or_without_an_event(event, now):
    with pytest.raises(ReasonMissing):
        reveal_payload(event_id=event.event_id, reason=" ", now=now)
    with pytest.raises(EventNotFound):
        reveal_payload(event_id=new_id(), reason="complaint 12", now=now)


@pytest.fixture
def auditor(client):
    staff = User.objects.create_superuser(username="auditor", password="a long enough password")
    client.force_login(staff)
    return client


def test_the_page_of_an_event_masks_it_and_its_deed_shows_it_once(auditor, event):
    page = auditor.get(reverse("admin:streaming_storedevent_change", args=[event.pk]))
    assert page.status_code == 200
    assert "Ada Norris" not in page.content.decode()

    asked = auditor.post(
        reverse("admin:streaming_storedevent_act", args=[event.pk, "reveal"]), {"reason": "complaint number 12"}
    )
    assert "Ada Norris" in asked.content.decode()
    assert len(recorded_events(PayloadRevealed)) == 1


@pytest.mark.parametrize("page", ["storedevent", "deadletter", "parkedkey"])
@pytest.mark.parametrize("search", ["", "nonsense", "018f6f3e-0000-7000-8000-000000000000"])
def test_lists_open_and_are_searched_by_anything(auditor, event, page, search):
    answer = auditor.get(reverse(f"admin:streaming_{page}_changelist"), {"q": search})
    assert answer.status_code == 200
