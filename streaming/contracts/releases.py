"""
The contracts that were given away: ``docs/events/released/<type>/<n>.json``, kept for good.

A release is never edited. Whoever changes a contract is held to all releases of its schema version
(BACKWARD_TRANSITIVE); a breaking change is a new schema version on a topic of its own, beside the old one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from streaming.contracts.compatibility import breaches, is_same
from streaming.contracts.registry import Contract, contracts
from streaming.earlier_forms import EarlierForm
from streaming.schemas import Schema, validator_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One released contract; ``number`` counts the releases of its type, whatever their schema version."""

    number: int
    document: Schema

    @property
    def schema_version(self) -> int:
        """Return the schema version that it belongs to."""
        version: int = self.document["x-schema-version"]
        return version

    @property
    def topic(self) -> str:
        """Return the topic that it was published on."""
        topic: str = self.document["x-topic"]
        return topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the gate says: ``refusals`` have to be mended, ``notices`` are worth knowing."""

    refusals: Sequence[str]
    notices: Sequence[str]


def judge(present: Sequence[Contract] | None = None, folder: Path | None = None) -> Judgement:
    """Hold the present contracts (by default those of the platform) against all that were released."""
    present = contracts() if present is None else present
    folder = folder or release_folder()
    refusals, notices = [], []
    for contract in present:
        released = list_releases(contract.name, folder)
        refusals += list(_refusals(contract, released))
        if not released:
            notices.append(f"{contract.name}: not released yet")
        elif not is_same(released[-1].document, contract.document):
            notices.append(f"{contract.name}: changed since release {released[-1].number}")
    names = {contract.name for contract in present}
    refusals += [
        f"{path.name}: the type is gone, and readers elsewhere may count on it. If it was retired with their consent, "
        "delete the folder of its releases in the same change."
        for path in sorted(folder.glob("*"))
        if path.is_dir() and path.name not in names
    ]
    return Judgement(refusals=refusals, notices=notices)


def release(present: Sequence[Contract] | None = None, folder: Path | None = None) -> list[str]:
    """
    Freeze every contract that is new or has changed, and return what was written.

    :raises RefusedChange: if one of them breaks a release; nothing is written then.
    """
    present = contracts() if present is None else present
    folder = folder or release_folder()
    judgement = judge(present, folder)
    if judgement.refusals:
        raise RefusedChange(judgement.refusals)
    written = []
    for contract in present:
        released = list_releases(contract.name, folder)
        if released and is_same(released[-1].document, contract.document):
            continue
        path = folder / contract.name / f"{released[-1].number + 1 if released else 1}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(contract.document, indent=2, ensure_ascii=False) + "\n")
        written.append(f"{contract.name}: release {path.stem}")
    return written


class RefusedChange(Exception):
    """A contract breaks what was released; ``refusals`` say where, and what to do."""

    def __init__(self, refusals: Sequence[str]) -> None:
        super().__init__("\n".join(refusals))
        self.refusals = refusals


def list_releases(name: str, folder: Path | None = None) -> list[Release]:
    """Return the releases of a type, oldest first."""
    found = [
        Release(number=int(path.stem), document=json.loads(path.read_text()))
        for path in ((folder or release_folder()) / name).glob("*.json")
    ]
    return sorted(found, key=lambda each: each.number)


def release_folder() -> Path:
    """Return where the releases lie."""
    return Path(settings.BASE_DIR) / "docs" / "events" / "released"


def _refusals(contract: Contract, released: Sequence[Release]) -> Iterator[str]:
    newest = max((each.schema_version for each in released), default=contract.schema_version)
    if contract.schema_version < newest:
        yield f"{contract.name}: schema version {newest} was released; it cannot go back to {contract.schema_version}."
        return
    for each in released:
        if each.schema_version == contract.schema_version:
            found = breaches(each.document, contract.document)
            if found:
                yield _explained(contract, each, found)
    latest = {each.schema_version: each for each in released}
    for form in contract.earlier:
        yield from _form_refusals(contract, form, latest)
    forms = {form.schema_version for form in contract.earlier}
    if newest < contract.schema_version and newest not in forms:
        yield (
            f"{contract.name}: nothing serves the readers of schema version {newest} on {latest[newest].topic}. "
            f"Give the class `earlier = (EarlierForm(schema_version={newest}, topic=…, down_convert=…),)` until "
            "no group reads that topic any more."
        )
    if any(version < contract.schema_version and each.topic == contract.topic.name for version, each in latest.items()):
        yield (
            f"{contract.name}: schema version {contract.schema_version} may not go to {contract.topic.name}, whose "
            "readers know an earlier one. Declare the next topic beside it, for all types of this aggregate."
        )


def _explained(contract: Contract, broken: Release, found: Sequence[str]) -> str:
    lines = "\n".join(f"  - {sentence}." for sentence in found)
    return (
        f"{contract.name}: breaks its release {broken.number}.\n{lines}\n"
        "  Readers elsewhere rely on what was released. Add an optional field instead, or make the change a new "
        f"version beside the old one: `schema_version = {contract.schema_version + 1}`, a topic "
        f"`{_next_topic(contract.topic.name)}` for all types of `{contract.aggregate_type}`, and "
        f"`earlier = (EarlierForm(schema_version={contract.schema_version}, topic=…, down_convert=…),)` for those "
        "who still read the old one."
    )


def _form_refusals(contract: Contract, form: EarlierForm, latest: Mapping[int, Release]) -> Iterator[str]:
    """Let the down-converter prove itself on the example: what it makes must be what was released."""
    where = f"{contract.name}: its earlier form {form.schema_version}"
    if form.schema_version not in latest:
        yield f"{where} was never released."
        return
    document = latest[form.schema_version].document
    if form.topic != document["x-topic"]:
        yield f"{where} belongs on {document['x-topic']}, not on {form.topic}."
    faults = [error.message for error in validator_of(document).iter_errors(dict(form.down_convert(contract.example)))]
    yield from (f"{where} is not what was released: {fault}." for fault in faults)


def _next_topic(name: str) -> str:
    stem, _, major = name.rpartition(".v")
    return f"{stem}.v{int(major) + 1}"
