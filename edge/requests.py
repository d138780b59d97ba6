"""How a request is read before anything else looks at it."""

from django.core.handlers.wsgi import WSGIRequest


class Utf8Request(WSGIRequest):
    """A request in UTF-8: a charset that its content type names changes nothing, and may be no encoding of text."""

    @property
    def encoding(self) -> str:
        """The encoding of addresses and forms."""
        return "utf-8"

    @encoding.setter
    def encoding(self, named: str) -> None:
        """Leave it; Django sets what the content type names while it makes the request."""
