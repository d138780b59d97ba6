"""The wiring's own app: commands, checks and the process's start."""

from django.apps import AppConfig


class OpenbankingConfig(AppConfig):
    name = "openbanking"
