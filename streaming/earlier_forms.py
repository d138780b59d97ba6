"""How an event looked before a breaking change, for those who still read it so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierForm:
    """
    One earlier form of an event type, published on its own topic beside the present one.

    ``down_convert`` makes the earlier payload of the present one: a pure function, as both records must stay the
    same event, with one id and one version. The form goes when no group reads its topic any more.
    """

    schema_version: int
    topic: str
    down_convert: Callable[[Mapping[str, Any]], Mapping[str, Any]]
