"""How the house's own APIs describe their refusals in the OpenAPI document."""

from typing import Any

from rest_framework import serializers

_JSON = "application/json"
_PROBLEM = "application/problem+json"


class FieldProblemOutput(serializers.Serializer[Any]):
    """What is wrong with one field."""

    path = serializers.CharField(help_text="Of the field, such as `redirect_uris[0]`.")
    detail = serializers.CharField()


class ProblemOutput(serializers.Serializer[Any]):
    """A refusal as problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; decide by it.")
    detail = serializers.CharField(required=False)
    errors = FieldProblemOutput(many=True, required=False)  # type: ignore[assignment]  # DRF takes fields off the class.


def answers(success: dict[int, Any], *refusals: int) -> dict[Any, Any]:
    """Return the ``responses`` of an operation: what it answers, and the statuses with which it refuses."""
    documented: dict[Any, Any] = {
        (status, _JSON) if form is not None else status: form for status, form in success.items()
    }
    return documented | {(status, _PROBLEM): ProblemOutput for status in sorted(refusals)}
