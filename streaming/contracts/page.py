"""``docs/events/README.md``: topics and event types for people, as the registry has them."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from streaming.consuming.registry import Group
from streaming.contracts.registry import Contract, contracts, platform_groups, platform_topics
from streaming.contracts.use_cases import USE_CASES
from streaming.personal_data import PersonalDataClass
from streaming.topics import Topic

_INTRODUCTION = """\
# Events

Written by `manage.py events docs --write` from the classes in the rooms' `events.py`; do not edit.

Beside this page: the JSON Schema of each type, [asyncapi.json](asyncapi.json) with all of it for tools, and under
`released/` every contract that was ever given away.

## How to read them

* A record is a CloudEvent 1.0 in binary mode. Its headers are `ce_specversion`, `ce_id`, `ce_source`, `ce_type`,
  `ce_subject` (the aggregate's id), `ce_time` (when it was true), `ce_dataschema`, `content-type`, and beside them
  `aggregate-version`, `schema-version`, `pii-class`, `relay-epoch` and, where there is one, `traceparent`,
  `correlation-id`, `causation-id`. The value is JSON.
* Nothing is lost, and the events of one aggregate arrive in order, with versions 1, 2, 3 … A record may come twice:
  keep the `ce_id` of what you have applied.
* Records with one key stay in order; the number of partitions of a topic never changes.
* Pass over fields that you do not know. A text with `x-personal` may also come encrypted, as `enc:v1:<key>:<base64>`.
* Amounts end in `_minor` and are whole minor units of the `currency` beside them. Times are UTC.
* `pii-class` is `personal` if a type has personal fields, `linked` if it leads to a customer by ids only, else `none`.
* A topic keeps its records for some days only; the log keeps all events.

## How to change one

Optional fields may be added, limits widened, and open enums may gain values. `manage.py events gate`, part of
`make check`, refuses everything else against every release and says why. What has to break becomes a new version
beside the old one: the next `schema_version`, a topic `….v2` for all types of the aggregate, and an `EarlierForm` in
the class, by whose down-converter readers of the old topic get the same events, with the same ids and versions, until
there are none. `manage.py events release` freezes what has changed.
"""


def build_page() -> str:
    """Return the page for the whole platform."""
    return page_of(contracts(), platform_topics(), platform_groups())


def page_of(present: Sequence[Contract], topics: Sequence[Topic], groups: Sequence[Group]) -> str:
    """Return the page for these contracts, topics and groups."""
    return "\n".join(
        [
            _INTRODUCTION,
            *_topic_table(present, topics, groups),
            *_use_case_table(present),
            *(line for contract_lines in _rooms(present) for line in contract_lines),
        ]
    )


def _topic_table(present: Sequence[Contract], topics: Iterable[Topic], groups: Sequence[Group]) -> Iterable[str]:
    yield "## Topics\n"
    yield "| topic | what | owner | key | partitions | days | read by |"
    yield "|---|---|---|---|---|---|---|"
    for topic in topics:
        keys = sorted({contract.key for contract in present if contract.topic == topic})
        readers = [group.name for group in groups if topic.name in group.topics]
        yield (
            f"| `{topic.name}` | {topic.purpose} | {topic.owner} | {_code(keys) or 'the core’s own'} "
            f"| {topic.partitions} | {topic.retention_days} | {_code(readers)} |"
        )
    yield ""


def _use_case_table(present: Sequence[Contract]) -> Iterable[str]:
    yield "## What they are for\n"
    yield "The rows of the product's plan, and the events that each one needs.\n"
    yield "| row | | events |"
    yield "|---|---|---|"
    for row, title in USE_CASES.items():
        serving = [f"[{each.name}](#{_anchor(each.name)})" for each in present if row in each.serves]
        if serving:
            yield f"| {row} | {title} | {', '.join(serving)} |"
    yield ""


def _rooms(present: Sequence[Contract]) -> Iterable[Iterable[str]]:
    for owner, of_room in groupby(present, key=attrgetter("owner")):
        yield (f"## {owner}\n",)
        yield from (_section(contract) for contract in of_room)


def _section(contract: Contract) -> Iterable[str]:
    yield f"### {contract.name}\n"
    yield contract.description.replace("``", "`") + "\n"
    yield "| | |"
    yield "|---|---|"
    yield f"| topic | `{contract.topic.name}`, kept for {contract.topic.retention_days} days |"
    yield f"| aggregate, key | `{contract.aggregate_type}` by `{contract.subject}`; key `{contract.key}` |"
    yield f"| schema | [version {contract.schema_version}]({contract.name}.json) |"
    yield f"| personal data | {_personal(contract)} |"
    yield f"| needed for | {', '.join(contract.serves)} |"
    yield f"| read by | {_code(contract.read_by)} |"
    for form in contract.earlier:
        yield f"| also as | schema version {form.schema_version}, on `{form.topic}` |"
    yield "\n```json"
    yield json.dumps(contract.example, indent=2, ensure_ascii=False)
    yield "```\n"


def _personal(contract: Contract) -> str:
    if contract.personal_data is PersonalDataClass.PERSONAL:
        return f"personal: {_code(contract.personal_fields)}"
    return contract.personal_data.value


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _anchor(heading: str) -> str:
    return heading.replace(".", "")
