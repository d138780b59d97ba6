"""The schemas in ``docs/events``: what consumers elsewhere rely on, so a change shows in review."""

import json
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from streaming.events import event_schema, event_types


def write_snapshots() -> list[str]:
    """Write the schema of every event type, remove those of types that are gone, and return what changed."""
    folder = snapshot_folder()
    folder.mkdir(parents=True, exist_ok=True)
    changes = snapshot_differences()
    wanted = _wanted()
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)
    return changes


def snapshot_differences() -> list[str]:
    """Return a sentence for each snapshot that is missing, out of date or left over."""
    wanted = _wanted()
    present = {path.name: path.read_text() for path in snapshot_folder().glob("*.json")}
    return [
        *(f"{name}: missing" for name in sorted(wanted.keys() - present.keys())),
        *(f"{name}: of no event type" for name in sorted(present.keys() - wanted.keys())),
        *(f"{name}: differs" for name in sorted(wanted.keys() & present.keys()) if wanted[name] != present[name]),
    ]


def snapshot_folder() -> Path:
    """Return where the snapshots lie."""
    return Path(settings.BASE_DIR) / "docs" / "events"


def _wanted() -> Mapping[str, str]:
    """Return the snapshots of the platform's own types; those that tests define have none."""
    return {
        f"{event_type.name}.json": json.dumps(event_schema(event_type), indent=2, ensure_ascii=False) + "\n"
        for event_type in event_types()
        if not event_type.__module__.startswith("tests.")
    }
