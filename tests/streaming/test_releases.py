"""Releases: frozen once, held against every later change, and the way past them by a version beside."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from streaming.contracts.registry import Contract, contract_of, contracts
from streaming.contracts.releases import RefusedChange, judge, list_releases, release, release_folder
from streaming.earlier_forms import EarlierForm
from streaming.topics import Topic
from tests.support.builders.streaming import ThingMoved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for releases."""
    return tmp_path / "released"


@pytest.fixture
def contract() -> Contract:
    """Return the contract of an event that nobody has released."""
    return contract_of(ThingMoved)


def changed(contract: Contract, fields: Mapping[str, Any], **changes: Any) -> Contract:
    """Return the contract with other fields (``None`` takes one away); new ones are optional."""
    properties = {name: rule for name, rule in {**contract.schema["properties"], **fields}.items() if rule is not None}
    required = [name for name in contract.schema["required"] if name in properties]
    moved = {"x-topic": changes["topic"].name} if "topic" in changes else {}
    schema = {**contract.schema, **moved, "properties": properties, "required": required}
    return replace(contract, schema=schema, **changes)


def test_what_nobody_has_released_may_change_freely(folder, contract):
    assert judge([contract], folder).refusals == []
    assert judge([contract], folder).notices == ["tests.thing.moved: not released yet"]


def test_a_release_is_written_once_and_again_only_after_a_change(folder, contract):
    assert release([contract], folder) == ["tests.thing.moved: release 1"]
    assert release([contract], folder) == []

    wider = changed(contract, {"colour": {"type": "string"}})
    assert judge([wider], folder).notices == ["tests.thing.moved: changed since release 1"]
    assert release([wider], folder) == ["tests.thing.moved: release 2"]
    assert [each.number for each in list_releases(contract.name, folder)] == [1, 2]


def test_a_change_that_breaks_any_release_is_refused_and_explained(folder, contract):
    coloured = changed(contract, {"colour": {"type": "string"}})
    release([contract], folder)
    release([coloured], folder)

    (refusal,) = judge([contract], folder).refusals

    assert "breaks its release 2" in refusal
    assert "`colour` is gone" in refusal
    assert "schema_version = 2" in refusal
    assert "`tests.things.v2`" in refusal


def test_nothing_is_released_while_one_contract_is_refused(folder, contract):
    release([contract], folder)
    with pytest.raises(RefusedChange, match="`step` is gone"):
        release([changed(contract, {"step": None})], folder)
    assert len(list_releases(contract.name, folder)) == 1


def test_a_type_that_vanishes_is_missed(folder, contract):
    release([contract], folder)
    (refusal,) = judge([], folder).refusals
    assert refusal.startswith("tests.thing.moved: the type is gone")


def test_more_partitions_are_refused_as_they_would_break_the_order(folder, contract):
    release([contract], folder)
    repartitioned = replace(contract, topic=replace(contract.topic, partitions=24))
    assert "the number of partitions changed from 3 to 24" in judge([repartitioned], folder).refusals[0]


V2 = Topic(name="tests.things.v2", partitions=3, retention_days=1, owner="tests", purpose="")


def without_pace(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the first version said of a thing's way: its steps."""
    return {**{name: value for name, value in payload.items() if name != "pace"}, "step": payload["pace"]}


@pytest.fixture
def second(folder: Path, contract: Contract) -> Contract:
    """Return a second version of a released contract: its ``step`` has become a ``pace``."""
    release([contract], folder)
    example = {name: value for name, value in contract.example.items() if name != "step"}
    return changed(
        contract,
        {"step": None, "pace": {"type": "integer"}},
        schema_version=2,
        topic=V2,
        example={**example, "pace": 1},
        earlier=(EarlierForm(schema_version=1, topic="tests.things.v1", down_convert=without_pace),),
    )


def test_a_version_beside_the_old_one_is_let_through_and_released_by_itself(folder, second):
    assert judge([second], folder).refusals == []
    assert release([second], folder) == ["tests.thing.moved: release 2"]
    assert [each.schema_version for each in list_releases(second.name, folder)] == [1, 2]


def test_a_new_version_without_the_old_form_is_refused(folder, second):
    (refusal,) = judge([replace(second, earlier=())], folder).refusals
    assert "nothing serves the readers of schema version 1 on tests.things.v1" in refusal


def test_a_new_version_on_the_old_topic_is_refused(folder, contract, second):
    (refusal,) = judge([replace(second, topic=contract.topic)], folder).refusals
    assert "may not go to tests.things.v1" in refusal


def test_a_down_converter_that_does_not_make_what_was_released_is_refused(folder, second):
    lazy = replace(second.earlier[0], down_convert=lambda payload: payload)
    refusals = judge([replace(second, earlier=(lazy,))], folder).refusals
    assert any("its earlier form 1 is not what was released" in refusal for refusal in refusals)


def test_an_earlier_form_on_another_topic_than_the_released_one_is_refused(folder, second):
    astray = replace(second.earlier[0], topic="tests.raw.v1")
    (refusal,) = judge([replace(second, earlier=(astray,))], folder).refusals
    assert "belongs on tests.things.v1, not on tests.raw.v1" in refusal


def test_a_version_never_goes_back(folder, contract, second):
    release([second], folder)
    (refusal,) = judge([contract], folder).refusals
    assert "cannot go back to 1" in refusal


def test_no_contract_of_the_platform_breaks_what_was_released():
    assert judge().refusals == []


def test_the_command_refuses_a_breaking_change_and_explains_it(settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    call_command("events", "release")
    file = release_folder() / "payments.payment.submitted" / "1.json"
    released = json.loads(file.read_text())
    released["properties"]["colour"] = {"type": "string"}  # as if the class had had it once.
    file.write_text(json.dumps(released))

    with pytest.raises(SystemExit) as ended:
        call_command("events", "gate")

    assert ended.value.code == 1
    assert "payments.payment.submitted: breaks its release 1.\n  - `colour` is gone" in capsys.readouterr().out
    with pytest.raises(CommandError, match="`colour` is gone"):
        call_command("events", "release")


def test_the_command_writes_documents_that_it_then_finds_in_order(settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    with pytest.raises(SystemExit):
        call_command("events", "docs", "--check")
    assert "asyncapi.json: missing" in capsys.readouterr().out

    call_command("events", "docs", "--write")
    (tmp_path / "docs" / "events" / "somebody.has.left.json").write_text("{}")
    with pytest.raises(SystemExit):
        call_command("events", "docs", "--check")
    assert "somebody.has.left.json: of no event type" in capsys.readouterr().out

    call_command("events", "docs", "--write")
    call_command("events", "docs", "--check")


def test_the_command_lists_every_type(capsys):
    call_command("events", "list")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [each.name for each in contracts()]
