"""The room as Django knows it."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Payment orders."""

    name = "payments"
