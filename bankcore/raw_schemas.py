"""What the core's own records look like, for the documents; the translators are the ones who judge them."""

from collections.abc import Mapping
from typing import Any

_POSITION = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_MILLISECONDS = {"type": "integer", "minimum": 0, "description": "Milliseconds of Unix time."}
_CODE = {"type": "string", "pattern": "^[A-Z0-9]{4}$"}
_ROW = {"type": ["object", "null"], "description": "A row of the table, its columns in the core's spelling."}

CHANGE: Mapping[str, Any] = {
    "title": "A change of a row",
    "description": "Debezium's envelope around the row before and after a change, keyed by its primary key.",
    "type": "object",
    "properties": {
        "op": {
            "type": "string",
            "enum": ["c", "u", "d", "r"],
            "description": "Created, updated, deleted; or read: history that is told for the first time.",
        },
        "source": {
            "type": "object",
            "properties": {
                "lsn": {**_POSITION, "description": "The change's place in the core's log."},
                "ts_ms": _MILLISECONDS,
            },
            "required": ["lsn", "ts_ms"],
        },
        "before": _ROW,
        "after": _ROW,
    },
    "required": ["op", "source"],
    "examples": [
        {
            "op": "c",
            "source": {"lsn": 41_216, "ts_ms": 1_795_442_700_000},
            "before": None,
            "after": {"ABACC": 92612345678, "ABCCY": "GBP", "ABBKD": -1250, "ABAVL": 48_750, "ABLMT": 50_000},
        }
    ],
}
"""One record of :data:`bankcore.events.CDC_TOPICS`."""

PAYMENT_STATUS: Mapping[str, Any] = {
    "title": "An answer about a payment",
    "description": "How far the core has come with a payment that it was asked to make; keyed by the payment.",
    "type": "object",
    "properties": {
        "lsn": {**_POSITION, "description": "The answer's place in the core's log."},
        "ts_ms": _MILLISECONDS,
        "payment": {"type": "string", "format": "uuid"},
        "status": {**_CODE, "description": "An ISO 20022 payment transaction status."},
        "reason": {"anyOf": [{**_CODE, "description": "An ISO 20022 status reason."}, {"type": "null"}]},
        "text": {"type": ["string", "null"]},
        "core_reference": {"type": ["string", "null"]},
    },
    "required": ["lsn", "ts_ms", "payment", "status"],
    "examples": [
        {
            "lsn": 41_230,
            "ts_ms": 1_795_442_700_000,
            "payment": "6f1f3f1e-6f0e-5d57-9f5b-2d2a4f0f9a11",
            "status": "ACSC",
            "reason": None,
            "text": None,
            "core_reference": "TR000000041230",
        }
    ],
}
"""One record of :data:`bankcore.events.PAYMENT_STATUS_TOPIC`."""
