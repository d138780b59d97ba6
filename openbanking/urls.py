"""Every address of the platform, by room."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from openbanking import health

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("healthz/flow", health.flow),
    path("metrics", health.metrics),
    path("open-banking/v4.0/", include("standards.uk.urls")),
    path("webhooks/", include("webhooks.api.urls")),
    path("", include("oauth.api.urls")),
    path("", include("consents.urls")),
    path("admin/", admin.site.urls),
    path("", include("portal.urls")),
]

if settings.SANDBOX:
    urlpatterns.append(path("sandbox/", include("portal.sandbox_urls")))

handler400 = "edge.pages.bad_request"
handler403 = "edge.pages.forbidden"
handler404 = "edge.pages.not_found"
handler500 = "edge.pages.server_error"
