"""Addresses below ``/sandbox/``; included in the sandbox only."""

from django.urls import path

from portal.api.clients import ClientList

CLIENTS_PATH = "/sandbox/clients"

urlpatterns = [path("clients", ClientList.as_view())]
