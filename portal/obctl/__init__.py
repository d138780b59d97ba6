"""
``obctl``: a third party in a command; it keeps a client's keys, signs, asks for consent, refreshes and calls.

It needs no part of the platform but :mod:`kernel.jose`, so it can be read as an example of a client.
"""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``obctl`` with the command line's arguments; returns the exit status."""
    from portal.obctl.commands import run

    return run(arguments)
