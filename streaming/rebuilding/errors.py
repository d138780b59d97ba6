"""Why a view cannot be built anew, or must not replace the live one."""


class RebuildRefused(Exception):
    """The rebuild cannot be done, or not from this source; nothing has been changed."""


class RebuildFailed(Exception):
    """The events do not give the views that they gave before; nothing has been changed."""
