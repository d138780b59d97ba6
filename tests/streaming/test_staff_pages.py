"""The staff's pages of the consumers: who sees what, who may act, and nothing personal unasked."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client as Browser
from django.urls import reverse

from kernel.identifiers import new_id
from streaming import services
from streaming.events import LetterDiscarded, LetterRedriven, LetterRevealed
from streaming.models import DeadLetter, GroupState, ParkedKey
from streaming.selectors import MASK, read_letter
from tests.streaming import effects
from tests.streaming.effects import REJECTED_STEP
from tests.support.builders import oauth as people
from tests.support.builders.streaming import ThingMoved, a_thing_moved
from tests.support.streams import a_raw_record, a_record_of, deliver, recorded_events

pytestmark = pytest.mark.django_db

GROUP = "tests.effects"
REASON = {"reason": "complaint number 12"}


@pytest.fixture(autouse=True)
def _no_broker(settings) -> None:
    """These pages open whether or not the broker answers; without it they are quicker to test."""
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"


@pytest.fixture
def thing() -> UUID:
    """A thing whose first event is poison, with a second one waiting."""
    thing = uuid4()
    consent_id = new_id()
    deliver(
        [
            a_thing_moved(thing, step=REJECTED_STEP, consent_id=consent_id),
            a_thing_moved(thing, consent_id=consent_id),
        ],
        GROUP,
    )
    return thing


def signed_in(*groups: str) -> Browser:
    browser = Browser()
    browser.force_login(people.a_member_of_staff(*groups, username=f"staff-{'-'.join(groups)}"))
    return browser


def page(browser: Browser, model: str, row: object) -> Any:
    return browser.get(reverse(f"admin:streaming_{model}_change", args=[row]))


def act(browser: Browser, model: str, row: object, deed: str) -> Any:
    return browser.post(reverse(f"admin:streaming_{model}_act", args=[row, deed]), REASON)


def poison() -> DeadLetter:
    return DeadLetter.objects.get(state="poison")


def test_a_letter_is_shown_without_what_is_personal(thing):
    shown = read_letter(poison())

    assert shown.fields is not None
    assert (shown.fields["whose"], shown.fields["step"]) == (MASK, REJECTED_STEP)
    assert "Ada Norris" not in page(signed_in("operator"), "deadletter", poison().pk).content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"value": b'{"step": "Ada Norris", "thing_id": "Ada Norris", "whose": null}'},
        {"headers": {"ce_type": "tests.thing.unheard_of", "x-whose": "Ada Norris"}, "value": b'{"a": "Ada Norris"}'},
        {"value": b'"Ada Norris"'},
        {"value": b"Ada Norris"},
        {"value": b"\xff\x00Ada Norris"},
        {"value": b""},
    ],
)
def test_of_a_letter_that_cannot_be_read_no_value_is_shown(changes):
    deliver([a_record_of(a_thing_moved(), **changes)], GROUP)

    text = page(signed_in("operator", "compliance"), "deadletter", poison().pk).content.decode()

    assert "Ada Norris" not in text
    assert f"{len(changes['value'])} bytes" in text


def test_fields_that_a_type_does_not_declare_are_masked_too():
    record = a_record_of(a_thing_moved(step=REJECTED_STEP))
    deliver([a_record_of(a_thing_moved(), value=record.value[:-1] + b',"unheard":"Ada Norris"}')], GROUP)

    shown = read_letter(poison())

    assert shown.fields is not None
    assert (shown.fields["unheard"], shown.fields["step"]) == (MASK, REJECTED_STEP)


def test_to_look_at_a_letter_unmasked_is_an_event_with_its_reason(thing, now):
    answer = act(signed_in("compliance"), "deadletter", poison().pk, "reveal")

    assert "Ada Norris" in answer.content.decode()
    (revealed,) = recorded_events(LetterRevealed)
    record = ThingMoved.from_payload(bytes(poison().raw))
    assert (revealed.letter, revealed.reason) == (str(poison()), REASON["reason"])
    assert (revealed.letter_event_id, revealed.consent_id) == (poison().event_id, record.consent_id)


def test_whatever_a_letter_holds_can_be_looked_at(now):
    values = (b"\xff\x00", b'{"consent_id": "no id", "customer_id": 7}', b"[1]", b"")
    deliver([a_raw_record(topic="tests.things.v1", value=value) for value in values], GROUP)

    contents = [services.reveal_letter(letter_id=each.pk, reason="a look", now=now) for each in letters()]

    assert [content.text for content in contents] == ["\N{REPLACEMENT CHARACTER}\x00", "", "[1]", ""]
    assert contents[1].fields == {"consent_id": "no id", "customer_id": 7}
    assert len(recorded_events(LetterRevealed)) == 4


def letters() -> list[DeadLetter]:
    return list(DeadLetter.objects.order_by("id"))


@pytest.mark.parametrize("deed", ["redrive", "discard", "discard-key"])
def test_only_operators_act_on_letters(thing, deed, monkeypatch):
    monkeypatch.setattr(effects, "REJECTED_STEP", None)
    for role in ("compliance", "auditor"):
        browser = signed_in(role)
        assert f"act-{deed}" not in page(browser, "deadletter", poison().pk).content.decode()
        assert act(browser, "deadletter", poison().pk, deed).status_code == 403
    assert act(signed_in("support"), "deadletter", poison().pk, deed).status_code == 403
    assert act(signed_in("operator"), "deadletter", poison().pk, "reveal").status_code == 403

    letter_id = poison().pk
    answer = act(signed_in("operator"), "deadletter", letter_id, deed)

    assert answer.status_code == 303
    assert not ParkedKey.objects.exists()
    told = recorded_events(LetterRedriven, LetterDiscarded)
    assert len(told) == 2
    settled = page(signed_in("auditor"), "deadletter", letter_id).content.decode()
    assert "Applied" in settled or "Given up" in settled


def test_a_refused_deed_is_told_beside_the_form(thing):
    answer = act(signed_in("operator"), "deadletter", poison().pk, "redrive")

    assert answer.status_code == 422
    assert "Reject: no such step" in answer.content.decode()
    assert poison().state == "poison"


@pytest.mark.parametrize("deed", ["redrive", "discard"])
def test_a_parked_key_is_freed_from_its_own_page(thing, deed, monkeypatch):
    monkeypatch.setattr(effects, "REJECTED_STEP", None)
    parked = ParkedKey.objects.get()
    browser = signed_in("operator")

    assert str(poison()) in page(browser, "parkedkey", parked.pk).content.decode()
    assert act(signed_in("auditor"), "parkedkey", parked.pk, deed).status_code == 403
    answer = act(browser, "parkedkey", parked.pk, deed)

    assert answer.headers["Location"] == reverse("admin:streaming_parkedkey_changelist")
    assert not ParkedKey.objects.exists()
    assert [each.state for each in letters()] == [{"redrive": "redriven", "discard": "discarded"}[deed]] * 2


def test_the_page_of_all_groups_opens_without_the_broker_and_says_so(thing):
    text = signed_in("operator").get(reverse("admin:streaming_groupstate_changelist")).content.decode()

    assert "The broker does not answer" in text
    assert GROUP in text
    assert "accounts." in text


def test_the_page_of_a_group_tells_its_partitions_and_parked_keys(thing):
    text = page(signed_in("auditor"), "groupstate", GROUP).content.decode()

    assert "tests.things.v1/2" in text
    assert str(thing) in text
    assert "The broker does not answer" in text


def test_there_is_no_page_of_a_group_that_no_room_declares():
    assert page(signed_in("operator"), "groupstate", "tests.unheard_of").status_code == 302
    assert act(signed_in("operator"), "groupstate", "tests.unheard_of", "pause").status_code == 404


def test_operators_pause_and_resume_a_group_and_others_look(now):
    operator, auditor = signed_in("operator"), signed_in("auditor")
    for deed in ("pause", "resume"):
        assert act(auditor, "groupstate", GROUP, deed).status_code == 403

    assert "This is not possible" in act(operator, "groupstate", GROUP, "resume").content.decode()
    assert act(operator, "groupstate", GROUP, "pause").status_code == 303
    state = GroupState.objects.get()
    assert (state.reason, state.paused_at is not None) == (REASON["reason"], True)
    shown = page(auditor, "groupstate", GROUP).content.decode()
    assert REASON["reason"] in shown
    assert "Paused" in shown
    assert act(operator, "groupstate", GROUP, "resume").status_code == 303
    assert GroupState.objects.get().paused_at is None
