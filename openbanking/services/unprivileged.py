"""Run PostgreSQL's programs as somebody other than root: they refuse to run as root."""

import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from openbanking.services.errors import ServicesUnavailable

USERS = ("postgres", "nobody")
"""Who stands in for root: the first of these that the system knows."""


def stand_in() -> pwd.struct_passwd | None:
    """
    Return who is to run PostgreSQL in place of root, or ``None`` for an ordinary user, who runs it himself.

    :raises ServicesUnavailable: if the system knows none of ``USERS``.
    """
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServicesUnavailable(f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)}.")


def as_stand_in(command: list[str], *, reaching: Iterable[Path]) -> list[str]:
    """
    Return the command as the stand-in runs it; for an ordinary user it stays as it is.

    Paths below a folder that is closed to others (``/root``, say) would be out of reach, and opening somebody's
    folders is not ours to do. In that case the process keeps root's right to pass through them, and no other.

    :raises ServicesUnavailable: if the program that changes the user is missing.
    """
    user = stand_in()
    if user is None:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServicesUnavailable("PostgreSQL does not run as root: run this as another user, or install setpriv.")
    wanted = [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if any(_is_closed(path) for path in reaching):
        wanted += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*wanted, "--", *command]


def give(path: Path) -> None:
    """Hand a file or folder to the stand-in, if there is one."""
    if user := stand_in():
        os.chown(path, user.pw_uid, user.pw_gid)


def _is_closed(path: Path) -> bool:
    """Tell whether others cannot pass through some folder above the path."""
    return any(not parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
