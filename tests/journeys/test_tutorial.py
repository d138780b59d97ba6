"""The tutorial's commands work as they stand there."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.platform import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("journeys")]


def test_the_commands_of_the_tutorial_work_as_they_stand_there(platform, tmp_path):
    tutorial = (ROOT / "docs" / "tutorial.md").read_text()
    commands = "\n".join(re.findall(r"(?ms)^```sh\n(.*?)^```", tutorial))
    _stand_beside_a_demo(platform, tmp_path)

    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env=os.environ | platform.environment | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Coffee for the team" in run.stdout
    assert "DomesticPaymentId" in run.stdout


def _stand_beside_a_demo(platform, folder: Path) -> None:
    """Put into the folder what a newcomer finds in the root beside a running demo."""
    (folder / "manage.py").symlink_to(ROOT / "manage.py")
    (folder / ".services").mkdir()
    customers = [{"username": name, "password": password} for name, password in platform.customers.items()]
    details = {"base_url": platform.base_url, "customers": customers}
    (folder / ".services" / "demo.json").write_text(json.dumps(details))
    (folder / "bin").mkdir()
    obctl = folder / "bin" / "obctl"
    obctl.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec python -m portal.obctl "$@"\n')
    obctl.chmod(0o755)
