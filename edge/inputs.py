"""What callers of the house's own APIs send: strict JSON, checked by a serializer, unknown members refused."""

from collections.abc import Iterator
from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import CharField, Serializer

from edge.bodies import InvalidBody, read_json_object
from edge.problems import FieldProblem


class Text(CharField):
    """A JSON string; numbers and booleans are none, though Python could write them as one."""

    def to_internal_value(self, data: Any) -> str:
        """
        Return the string.

        :raises ValidationError: if it is none.
        """
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


def read_input(request: Request, form: type[Serializer[Any]], *, is_partial: bool = False) -> dict[str, Any]:
    """
    Return the validated members of the JSON object in the request's body.

    :raises InvalidBody: with the path of every field at fault.
    :raises UnsupportedMediaType: if it is not JSON.
    :raises BodyTooLarge: if it is too long.
    """
    body = read_json_object(request)
    serializer = form(data=body, partial=is_partial)
    faults: list[FieldProblem] = [
        FieldProblem(path=name[:80], detail="This member is not known here.")
        for name in sorted(body.keys() - serializer.fields.keys())
    ]
    if not serializer.is_valid():
        faults += _faults(serializer.errors, "")
    if faults:
        raise InvalidBody("The body does not fit; see errors.", fields=faults)
    return dict(serializer.validated_data)


def _faults(errors: Any, path: str) -> Iterator[FieldProblem]:
    """Flatten DRF's tree of errors into paths such as ``redirect_uris[0]``."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            step = f"[{name}]" if isinstance(name, int) else f".{name}"
            yield from _faults(inner, path if name == "non_field_errors" else (path + step).lstrip("."))
    elif isinstance(errors, list) and any(isinstance(inner, dict | list) for inner in errors):
        for index, inner in enumerate(errors):
            yield from _faults(inner, f"{path}[{index}]")
    else:
        for message in errors:
            yield FieldProblem(path=path, detail=str(message))
