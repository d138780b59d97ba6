"""The room as Django knows it."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Read views of what the bank core says."""

    name = "accounts"
