"""The simulated bank behind the sandbox: a legacy core with customers, a ledger, payments and change capture."""

from typing import NamedTuple


class DemoCustomer(NamedTuple):
    """A customer whom a visitor of the sandbox may be; the password follows from the seed."""

    username: str
    password: str
    about: str


def customers() -> list[DemoCustomer]:
    """Return everybody who can sign in, scenario customers first; nobody while the core is empty."""
    from bankcore.simulator.agents.households import password_of
    from bankcore.simulator.database import core_file, open_core, read_control

    if not core_file().exists():
        return []
    core = open_core()
    try:
        seed = read_control(core, "seed")
        rows = core.execute("SELECT SONAME, SOABT FROM SIGNON ORDER BY ROWID").fetchall() if seed else []
        return [DemoCustomer(name, password_of(int(seed or 0), name), about) for name, about in rows]
    finally:
        core.close()
