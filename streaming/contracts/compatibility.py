"""
What a changed contract would break for those who rely on a released one.

Allowed are a new optional field, a wider limit and a new value of an open enum. Everything else is refused, even
where a tool would call it compatible: readers elsewhere were built on what was released, and cannot be asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streaming.schemas import ENCRYPTED, Schema

_FIXED: Mapping[str, str] = {
    "title": "the type",
    "x-topic": "the topic",
    "x-partitions": "the number of partitions",
    "x-key": "the key",
    "x-subject": "the field with the aggregate's id",
    "x-aggregate-type": "the aggregate type",
}
"""What may never change of one schema version, and its name for people; another key or partition breaks the order."""

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_EXACT = ("pattern", "multipleOf", "const", "uniqueItems")
_JUDGED = {"type", "format", "enum", "items", "x-open", "x-personal", *_LOWER, *_UPPER, *_EXACT}
_WORDS = {"description", "title", "examples"}


def breaches(released: Schema, present: Schema) -> list[str]:
    """Return, in sentences, what the present contract breaks of a released one; none if it is compatible."""
    return [*_moved(released, present), *_fields_broken(released, present)]


def is_same(released: Schema, present: Schema) -> bool:
    """Say whether two contracts promise the same, however they describe it."""
    return bool(_shape(released) == _shape(present))


def _moved(released: Schema, present: Schema) -> Iterator[str]:
    for name, words in _FIXED.items():
        if released.get(name) != present.get(name):
            yield f"{words} changed from {released.get(name)} to {present.get(name)}"


def _fields_broken(released: Schema, present: Schema) -> Iterator[str]:
    old, new = released["properties"], present["properties"]
    added = [name for name in new if name not in old]
    for name in old:
        if name not in new:
            yield f"`{name}` is gone{_renaming(old[name], added, new)}"
            continue
        yield from (f"`{name}` {what}" for what in _narrowed(old[name], new[name]))
        if name in released["required"] and name not in present["required"]:
            yield f"`{name}` may now be absent, and readers count on it"
        if name not in released["required"] and name in present["required"]:
            yield f"`{name}` is now required, and events without it have been published"
    for name in added:
        if name in present["required"]:
            yield f"`{name}` is new and required, and events without it have been published: give it a default"


def _renaming(gone: Schema, added: Sequence[str], new: Mapping[str, Schema]) -> str:
    likely = [f"`{name}`" for name in added if _shape(new[name]) == _shape(gone)]
    return f" (renamed to {' or '.join(likely)}? keep the old name)" if likely else ""


def _narrowed(released: Schema, present: Schema) -> Iterator[str]:
    """Yield what is stricter, or other, about a field."""
    old, new = _Form.of(released), _Form.of(present)
    if old.is_personal != new.is_personal:
        yield "is now personal, and was not" if new.is_personal else "was personal, and is not any more"
    if old.is_nullable and not new.is_nullable:
        yield "may not be null any more, and events in which it is have been published"
    if new.is_nullable and not old.is_nullable:
        yield "may now be null, and readers do not expect that"
    if old.kind != new.kind:
        yield f"changed from {old.kind} to {new.kind}"
        return
    yield from _values_changed(old, new)
    yield from _limits_narrowed(old.rules, new.rules)
    if "items" in old.rules and "items" in new.rules:
        yield from (f"holds items of which each {what}" for what in _narrowed(old.rules["items"], new.rules["items"]))
    for name in sorted((old.rules.keys() | new.rules.keys()) - _JUDGED - _WORDS):
        if old.rules.get(name) != new.rules.get(name):
            yield f"has another rule `{name}`"


def _values_changed(old: "_Form", new: "_Form") -> Iterator[str]:
    before, after = old.rules.get("enum"), new.rules.get("enum")
    if before is None and after is None:
        return
    if before is None or after is None:
        yield "is now one of fixed values" if before is None else "was one of fixed values, and is now any"
        return
    if old.is_open != new.is_open:
        yield "is now an open enum, and readers hold it to be closed" if new.is_open else "was an open enum"
    if gone := [value for value in before if value not in after]:
        yield f"does not allow {_listed(gone)} any more"
    added = [value for value in after if value not in before]
    if added and not old.is_open:
        yield f"gained {_listed(added)}, but the enum is closed: readers hold its values to be all there are"


def _limits_narrowed(old: Schema, new: Schema) -> Iterator[str]:
    for name in (*_LOWER, *_UPPER):
        if name in new and (name not in old or (new[name] > old[name] if name in _LOWER else new[name] < old[name])):
            yield f"has a narrower limit: `{name}` is {new[name]}, and was {old.get(name, 'none')}"
    for name in _EXACT:
        if name in new and new[name] != old.get(name):
            yield f"has another rule: `{name}` is {new[name]}, and was {old.get(name, 'none')}"


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(f"“{value}”" for value in values)


def _shape(schema: Any) -> Any:
    """Return a schema without its words, and without what only documents show."""
    if isinstance(schema, dict):
        shown = {"$schema", "$id", "x-owner", "x-personal-data", "x-use-cases", "x-schema-version"}
        kept = {name: value for name, value in schema.items() if name not in shown | (_WORDS - {"title"})}
        return {
            name: {field: _shape(rule) for field, rule in value.items()} if name == "properties" else _shape(value)
            for name, value in kept.items()
        } | ({"required": sorted(schema["required"])} if "required" in schema else {})
    if isinstance(schema, list):
        return [_shape(item) for item in schema]
    return schema


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A field's schema without its ways to be empty or encrypted."""

    rules: Schema
    is_nullable: bool

    @classmethod
    def of(cls, schema: Schema) -> "_Form":
        """Take a field's schema apart, however it spells that it may be null."""
        ways = [way for way in schema.get("anyOf", [schema]) if way != ENCRYPTED]
        is_nullable = any("null" in _types(way) for way in ways)
        (way,) = [way for way in ways if _types(way) != ["null"]]
        marks = {name: value for name, value in schema.items() if name.startswith("x-")}
        types = [name for name in _types(way) if name != "null"]
        return cls(rules={**way, **marks, "type": types}, is_nullable=is_nullable)

    @property
    def kind(self) -> str:
        """Return what it holds, in words."""
        types = " or ".join(self.rules["type"])
        return f"{types} ({self.rules['format']})" if "format" in self.rules else types

    @property
    def is_open(self) -> bool:
        """Say whether values may be added."""
        return bool(self.rules.get("x-open"))

    @property
    def is_personal(self) -> bool:
        """Say whether it may come encrypted."""
        return bool(self.rules.get("x-personal"))


def _types(schema: Schema) -> list[str]:
    kind = schema["type"]
    return kind if isinstance(kind, list) else [kind]
