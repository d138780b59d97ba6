"""Addresses of the portal's pages, and of the API's document."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from portal import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("docs/api", pages.api_reference, name="api-reference"),
    path("openapi.json", SpectacularJSONAPIView.as_view(permission_classes=()), name="openapi"),
]
