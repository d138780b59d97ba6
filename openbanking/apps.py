"""The room as Django knows it: its commands are found so."""

from django.apps import AppConfig


class OpenbankingConfig(AppConfig):
    """Wiring only."""

    name = "openbanking"
