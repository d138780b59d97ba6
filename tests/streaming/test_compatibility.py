"""The gate: what of a released contract may change, and what is refused with its reason."""

from typing import Any

import pytest

from streaming.contracts.compatibility import breaches, is_same
from streaming.contracts.registry import contracts
from streaming.schemas import ENCRYPTED, Schema, validator_of


def a_contract(*, required: tuple[str, ...] = ("amount_minor", "kind"), **changes: Any) -> Schema:
    """Return a released contract; keyword arguments change its fields (``None`` takes one away) or what is fixed."""
    fields: dict[str, Any] = {
        "amount_minor": {"type": "integer", "minimum": 0, "maximum": 1000},
        "kind": {"type": "string", "enum": ["red", "blue"]},
        "origin": {"type": "string", "enum": ["core", "other"], "x-open": True},
        "note": {"type": ["string", "null"], "maxLength": 100, "x-personal": True},
        "steps": {"type": "array", "items": {"type": "integer"}},
        "born_date": {"type": "string", "format": "date"},
    }
    fixed = {
        "title": "things.thing.moved",
        "x-topic": "things.v1",
        "x-partitions": 12,
        "x-key": "kind",
        "x-subject": "kind",
        "x-aggregate-type": "thing",
    }
    fixed_changes = {name.replace("_", "-"): value for name, value in changes.items() if name.startswith("x_")}
    fields |= {name: value for name, value in changes.items() if not name.startswith("x_")}
    return {
        **fixed,
        **fixed_changes,
        "type": "object",
        "properties": {name: rule for name, rule in fields.items() if rule is not None},
        "required": [name for name in required if fields.get(name) is not None],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"colour": {"type": "string"}},
        {"amount_minor": {"type": "integer", "minimum": -10, "maximum": 2000}},
        {"amount_minor": {"type": "integer"}},
        {"note": {"type": ["string", "null"], "maxLength": 200, "x-personal": True}},
        {"origin": {"type": "string", "enum": ["core", "other", "branch"], "x-open": True}},
        {"born_date": {"type": "string", "format": "date", "description": "In the customer's own country."}},
    ],
    ids=["nothing", "optional field", "wider limits", "no limits", "longer text", "open enum", "other words"],
)
def test_what_may_change_is_let_through(changes):
    assert breaches(a_contract(), a_contract(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"note": None}, "`note` is gone"),
        ({"born_date": None, "birth_date": {"type": "string", "format": "date"}}, "renamed to `birth_date`?"),
        (
            {"colour": {"type": "string"}, "required": ("amount_minor", "kind", "colour")},
            "`colour` is new and required, and events without it have been published",
        ),
        ({"required": ("amount_minor", "kind", "note")}, "`note` is now required"),
        ({"required": ("amount_minor",)}, "`kind` may now be absent"),
        ({"amount_minor": {"type": "integer", "minimum": 1, "maximum": 1000}}, "narrower limit: `minimum` is 1"),
        ({"amount_minor": {"type": "integer", "minimum": 0, "maximum": 999}}, "narrower limit: `maximum` is 999"),
        ({"steps": {"type": "array", "maxItems": 3, "items": {"type": "integer"}}}, "`maxItems` is 3, and was none"),
        ({"amount_minor": {"type": "string"}}, "`amount_minor` changed from integer to string"),
        ({"amount_minor": None, "amount": {"type": "integer", "minimum": 0, "maximum": 1000}}, "renamed to `amount`?"),
        ({"born_date": {"type": "string", "format": "date-time"}}, "string (date) to string (date-time)"),
        ({"born_date": {"type": "string"}}, "string (date) to string"),
        ({"steps": {"type": "array", "items": {"type": "string"}}}, "each changed from integer to string"),
        ({"note": {"type": "string", "maxLength": 100, "x-personal": True}}, "`note` may not be null any more"),
        ({"born_date": {"type": ["string", "null"], "format": "date"}}, "`born_date` may now be null"),
        ({"kind": {"type": "string", "enum": ["red", "blue", "green"]}}, "gained “green”, but the enum is closed"),
        ({"kind": {"type": "string", "enum": ["red"]}}, "does not allow “blue” any more"),
        ({"kind": {"type": "string"}}, "was one of fixed values, and is now any"),
        ({"born_date": {"type": "string", "format": "date", "enum": ["2026-11-23"]}}, "is now one of fixed values"),
        ({"origin": {"type": "string", "enum": ["core", "other"]}}, "`origin` was an open enum"),
        ({"kind": {"type": "string", "enum": ["red", "blue"], "x-open": True}}, "`kind` is now an open enum"),
        ({"note": {"type": ["string", "null"], "maxLength": 100}}, "`note` was personal, and is not any more"),
        ({"born_date": {"type": "string", "format": "date", "x-personal": True}}, "`born_date` is now personal"),
        ({"note": {"type": ["string", "null"], "maxLength": 100, "x-personal": True, "pattern": "^a"}}, "`pattern`"),
        ({"note": {"type": ["string", "null"], "maxLength": 100, "x-personal": True, "x-unit": "m"}}, "rule `x-unit`"),
        ({"x_topic": "things.v2"}, "the topic changed from things.v1 to things.v2"),
        ({"x_key": "amount_minor"}, "the key changed from kind to amount_minor"),
        ({"x_subject": "note"}, "the field with the aggregate's id changed from kind to note"),
        ({"x_aggregate_type": "being"}, "the aggregate type changed from thing to being"),
        ({"x_partitions": 24}, "the number of partitions changed from 12 to 24"),
    ],
)
def test_what_breaks_a_release_is_refused_with_its_reason(changes, reason):
    found = breaches(a_contract(), a_contract(**changes))
    assert any(reason in sentence for sentence in found), found


@pytest.mark.parametrize("contract", contracts(), ids=lambda contract: contract.name)
def test_every_field_of_every_type_is_guarded(contract):
    for name in contract.document["properties"]:
        properties = {field: rule for field, rule in contract.document["properties"].items() if field != name}
        without = {**contract.document, "properties": properties}
        assert any(f"`{name}` is gone" in sentence for sentence in breaches(contract.document, without))


def test_other_words_and_another_order_of_fields_are_the_same_contract():
    contract = a_contract()
    reworded = {
        **contract,
        "description": "Another one.",
        "examples": [{}],
        "required": list(reversed(contract["required"])),
        "x-use-cases": ["1a"],
    }
    assert is_same(contract, reworded)
    assert not is_same(contract, a_contract(colour={"type": "string"}))


def test_a_field_that_is_called_like_a_word_of_the_schema_counts_all_the_same():
    described = a_contract(description={"type": "string"})
    assert not is_same(described, a_contract())
    assert breaches(described, a_contract())


_WORDS = ["a", "b", "other"]
_RULES: list[tuple[Schema, list[Any]]] = [
    ({"type": "integer"}, [-5, 0, 12]),
    ({"type": "integer", "minimum": 0}, [0, 12]),
    ({"type": "integer", "minimum": -2, "maximum": 9}, [-2, 0, 9]),
    ({"type": ["integer", "null"], "minimum": 0}, [None, 0, 12]),
    ({"type": "string"}, ["", "a", "zzz"]),
    ({"type": "string", "x-personal": True}, ["", "a", "enc:v1:key:c2VjcmV0"]),
    ({"type": "string", "format": "date"}, ["2026-11-23"]),
    ({"anyOf": [{"type": "string", "format": "date"}, ENCRYPTED], "x-personal": True}, ["enc:v1:key:c2VjcmV0"]),
    ({"type": ["string", "null"]}, [None, "a"]),
    ({"type": "string", "maxLength": 2}, ["a", "bb"]),
    ({"type": "string", "pattern": "^[a-z]+$"}, ["a", "bbb"]),
    ({"type": "string", "enum": ["a", "b"]}, ["a", "b"]),
    ({"type": "string", "enum": ["a", "other"], "x-open": True}, ["a", "other"]),
    ({"type": "string", "enum": _WORDS, "x-open": True}, _WORDS),
    ({"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}]}, ["a", "b", None]),
    ({"type": "boolean"}, [True, False]),
    ({"type": "array", "items": {"type": "integer"}}, [[], [-3, 3]]),
    ({"type": "array", "items": {"type": "integer", "minimum": 0}}, [[], [3]]),
    ({"type": "array", "maxItems": 2, "items": {"type": "integer"}}, [[], [-3, 3]]),
]
"""Rules for a field, each with values that obey it: the outermost ones, and some between."""


@pytest.mark.parametrize(("before", "values"), _RULES, ids=[str(rule) for rule, _ in _RULES])
@pytest.mark.parametrize("was_required", [True, False])
@pytest.mark.parametrize("is_required", [True, False])
def test_what_the_gate_lets_through_accepts_every_payload_of_the_release(before, values, was_required, is_required):
    released = {**a_contract(), "properties": {"it": before}, "required": ["it"] if was_required else []}
    payloads = [{"it": value} for value in values] + ([] if was_required else [{}])
    assert all(validator_of(released).is_valid(payload) for payload in payloads)

    for after, _ in _RULES:
        present = {**a_contract(), "properties": {"it": after}, "required": ["it"] if is_required else []}
        if breaches(released, present) == []:
            assert all(validator_of(present).is_valid(payload) for payload in payloads), after
