"""The one builder of authorisation responses: whatever goes back to the client by redirect carries ``iss``."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings

from oauth.models import PushedRequest


def redirect_url(request: PushedRequest, **parameters: str) -> str:
    """Return the client's redirect URI with the response in its query, ``state`` and ``iss`` included (RFC 9207)."""
    response = parameters | ({"state": request.state} if request.state else {}) | {"iss": settings.OAUTH_ISSUER}
    parts = urlsplit(request.redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(response)) if part)
    return urlunsplit(parts._replace(query=query))
