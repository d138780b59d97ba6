"""The registry of contracts, and the documents that it generates."""

import jsonschema_rs
import orjson
import pytest

from streaming.contracts.asyncapi import build_document, document_of
from streaming.contracts.documents import document_differences
from streaming.contracts.examples import example_of
from streaming.contracts.page import build_page
from streaming.contracts.registry import contract_of, contracts, get_contract, platform_groups, platform_topics
from streaming.contracts.use_cases import USE_CASES
from streaming.errors import UnknownEventType
from streaming.schemas import validator_of
from tests.support.builders.streaming import ThingMoved, ThingStopped

every_contract = pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.name)


def test_the_documents_say_what_the_classes_say():
    assert document_differences() == [], "run: manage.py events docs --write"


@every_contract
def test_every_type_has_an_example_that_is_valid_and_reads_back(contract):
    assert [error.message for error in validator_of(contract.schema).iter_errors(dict(contract.example))] == []
    event = contract.event_type.from_payload(orjson.dumps(contract.example))
    assert event == example_of(contract.event_type)


@every_contract
def test_every_type_names_an_owner_and_the_use_cases_that_need_it(contract):
    assert contract.event_type.__module__.startswith(f"{contract.owner}.events")
    assert contract.serves
    assert set(contract.serves) <= set(USE_CASES)


def test_a_class_without_an_example_for_a_text_is_told_which(monkeypatch):
    monkeypatch.setattr(ThingMoved, "example", {"step": 1})
    with pytest.raises(TypeError, match=r"tests\.thing\.moved\.whose"):
        example_of(ThingMoved)


def test_a_class_with_an_example_for_a_field_that_is_not_there_is_told_which(monkeypatch):
    monkeypatch.setattr(ThingMoved, "example", {"step": 1, "whose": None, "pace": 3})
    with pytest.raises(TypeError, match="pace"):
        example_of(ThingMoved)


def test_a_contract_is_found_by_the_name_of_its_type():
    assert get_contract("payments.payment.submitted").topic.name == "payment.events.v1"
    with pytest.raises(UnknownEventType):
        get_contract("tests.thing.moved")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("payments.payment.submitted", "personal"),
        ("accounts.balance.changed", "linked"),
        ("webhooks.endpoint.created", "none"),
    ],
)
def test_a_type_is_as_personal_as_its_fields(name, expected):
    assert get_contract(name).personal_data == expected


def test_the_asyncapi_document_has_every_topic_as_a_channel():
    channels = build_document()["channels"]

    assert sorted(channel["address"] for channel in channels.values()) == [topic.name for topic in platform_topics()]
    assert all(channel["messages"] for channel in channels.values())


def test_the_asyncapi_document_has_an_operation_for_every_topic_that_a_group_reads():
    operations = build_document()["operations"]

    read = {
        (each["bindings"]["kafka"]["groupId"]["enum"][0], each["channel"]["$ref"].removeprefix("#/channels/"))
        for each in operations.values()
        if each["action"] == "receive"
    }
    assert read == {(group.name, topic) for group in platform_groups() for topic in group.topics}
    assert all(each["messages"] for each in operations.values())


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    document = build_document()

    for reference in _references(document):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


@every_contract
def test_the_headers_and_the_payload_of_an_example_fit_the_asyncapi_document(contract):
    document = build_document()
    message = document["components"]["messages"][contract.name]
    (example,) = message["examples"]

    for part in ("headers", "payload"):
        schema = {**message[part], "components": document["components"]}
        validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
        assert [error.message for error in validator.iter_errors(example[part])] == []


def test_the_page_names_every_type_topic_and_group():
    page = build_page()

    assert all(f"### {contract.name}\n" in page for contract in contracts())
    assert all(f"| `{topic.name}` |" in page for topic in platform_topics())
    assert all(f"`{group.name}`" in page for group in platform_groups())


def test_nothing_of_the_tests_gets_into_the_documents():
    assert "tests." not in build_page()
    assert not any(name.startswith("tests.") for name in build_document()["channels"])


def test_only_the_types_of_a_topic_are_messages_of_its_channel():
    moved, stopped = contract_of(ThingMoved), contract_of(ThingStopped)
    document = document_of([moved, stopped], [moved.topic], [])

    assert set(document["channels"]["tests.things.v1"]["messages"]) == {moved.name, stopped.name}


def _references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
