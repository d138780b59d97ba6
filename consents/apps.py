"""The room as Django knows it."""

from django.apps import AppConfig


class ConsentsConfig(AppConfig):
    """Consents, the gate and the customer's screens."""

    name = "consents"
    verbose_name = "Consents"
