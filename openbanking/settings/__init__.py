"""Django's settings, by topic; values that a deployment decides come from :mod:`.environment` only."""

from openbanking.settings.api import *  # noqa: F403
from openbanking.settings.base import *  # noqa: F403
from openbanking.settings.data import *  # noqa: F403
from openbanking.settings.logging import *  # noqa: F403
from openbanking.settings.oauth import *  # noqa: F403
from openbanking.settings.rooms import *  # noqa: F403
from openbanking.settings.security import *  # noqa: F403
from openbanking.settings.tracing import *  # noqa: F403
