"""Probes: does the process live, can it serve, does data flow; and the metrics."""

from dataclasses import asdict

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kernel import clock
from streaming import health


@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """Answer as long as the process lives."""
    return _answer({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Say whether this process can serve: its database answers. For load balancers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _answer({"status": "unavailable", "part": "database"}, status=503)
    return _answer({"status": "ok"})


@require_safe
def flow(_request: HttpRequest) -> HttpResponse:
    """Say whether data flows, naming each part that does not. For alerts only: never take the API away for it."""
    try:
        findings = [asdict(finding) for finding in health.flow(clock.now())]
    except DatabaseError:
        return _answer({"status": "red", "findings": [{"part": "database"}]}, status=503)
    return _answer({"status": "red" if findings else "green", "findings": findings}, status=503 if findings else 200)


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Return the metrics in Prometheus' text format."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _answer(body: dict[str, object], *, status: int = 200) -> HttpResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
