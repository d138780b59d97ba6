"""The sandbox's way to reach a customer: an inbox in the core's database."""

from datetime import datetime

from bankcore.errors import CustomerUnreachable
from bankcore.simulator.database import open_core, writing


class SandboxInbox:
    """A :class:`bankcore.ports.CustomerChannel` whose messages anybody who runs the sandbox can read."""

    def send_code(self, *, customer_reference: str, code: str, purpose: str, now: datetime) -> None:
        """
        Leave a message with the code in the customer's inbox.

        :raises CustomerUnreachable: if the core has no such customer.
        """
        core = open_core()
        try:
            with writing(core):
                known = core.execute("SELECT CUSNO FROM CUSMST WHERE CUSNO = ?", (customer_reference,)).fetchone()
                if known is None:
                    raise CustomerUnreachable(customer_reference=customer_reference)
                core.execute(
                    "INSERT INTO INBOX (IBCUS, IBAT, IBTEXT) VALUES (?, ?, ?)",
                    (known[0], now.isoformat(), f"{purpose}: {code}"),
                )
        finally:
            core.close()

    def messages(self, *, customer_reference: str) -> list[str]:
        """Return a customer's messages, newest first."""
        core = open_core()
        try:
            query = "SELECT IBTEXT FROM INBOX WHERE IBCUS = ? ORDER BY IBSEQ DESC"
            return [row[0] for row in core.execute(query, (customer_reference,))]
        finally:
            core.close()
