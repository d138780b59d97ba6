"""What a row of the log is published as: the event as it is, and beside it each earlier form that others still read."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import orjson

from streaming.earlier_forms import EarlierForm
from streaming.envelope import LogRow
from streaming.events import event_types


def with_earlier_forms(rows: Sequence[LogRow]) -> Sequence[LogRow]:
    """
    Return the rows with their earlier forms behind each: the same event, with its id and version, on other topics.

    Rows that were recorded before a breaking change already have the form that their topic promises.
    """
    forms = _forms()
    if not forms:
        return rows  # nearly always: there are forms for as long as readers move to a new topic.
    return [each for row in rows for each in (row, *_earlier(row, forms.get((row.type, row.schema_version), ())))]


def form_on(row: LogRow, topic: str) -> LogRow:
    """Return a row in the form in which it goes to a topic: its own, or that of an earlier form."""
    return next((each for each in with_earlier_forms([row]) if each.topic == topic), row)


def _earlier(row: LogRow, forms: Sequence[EarlierForm]) -> Iterable[LogRow]:
    for form in forms:
        payload = orjson.dumps(form.down_convert(orjson.loads(row.payload)))
        yield row._replace(topic=form.topic, schema_version=form.schema_version, payload=payload)


@cache
def _forms() -> Mapping[tuple[str, int], Sequence[EarlierForm]]:
    """Return the earlier forms by type and present schema version; classes do not change while a process runs."""
    return {(each.name, each.schema_version): each.earlier for each in event_types() if each.earlier}
