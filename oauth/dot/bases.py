"""DOT's abstract models, from which the room's five swapped models descend."""

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:  # DOT has no type hints: to the type checker its bases are plain abstract models.

    class AbstractApplication(models.Model):
        class Meta:
            abstract = True

    class AbstractGrant(models.Model):
        class Meta:
            abstract = True

    class AbstractAccessToken(models.Model):
        class Meta:
            abstract = True

    class AbstractRefreshToken(models.Model):
        class Meta:
            abstract = True

    class AbstractIDToken(models.Model):
        class Meta:
            abstract = True

else:
    from oauth2_provider.models import (
        AbstractAccessToken,
        AbstractApplication,
        AbstractGrant,
        AbstractIDToken,
        AbstractRefreshToken,
    )

__all__ = ["AbstractAccessToken", "AbstractApplication", "AbstractGrant", "AbstractIDToken", "AbstractRefreshToken"]
