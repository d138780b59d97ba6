"""The portal's pages: where to begin, and the API's reference."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    return render(request, "portal/home.html", {"base_url": settings.BASE_URL})


@require_safe
def api_reference(request: HttpRequest) -> HttpResponse:
    """Show the API's document, to read and to try."""
    return render(request, "portal/api_reference.html")
