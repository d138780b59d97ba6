"""Housekeeping: what nobody can use any more is not kept."""

from datetime import timedelta

from celery import shared_task

from kernel import clock
from oauth.models import AccessToken, AuthorizationCode, IDToken, PushedRequest, UsedAssertion

KEPT_AFTER_EXPIRY = timedelta(days=1)
"""So long an expired token is told apart from an unknown one, and a used code's replay is noticed."""


@shared_task(ignore_result=True)
def delete_expired() -> None:
    """Delete codes, tokens, requests and used assertions whose time is long over."""
    now = clock.now()
    UsedAssertion.objects.filter(expires_at__lt=now).delete()
    PushedRequest.objects.filter(expires_at__lt=now - KEPT_AFTER_EXPIRY).delete()
    for model in (AuthorizationCode, AccessToken, IDToken):
        model._default_manager.filter(expires__lt=now - KEPT_AFTER_EXPIRY).delete()
