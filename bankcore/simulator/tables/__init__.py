"""The simulation's data tables: invented names, merchants, employers; what personas earn and spend."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def table(name: str) -> Any:
    """Return the data file of this name, read once; nobody changes what it holds."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text())
