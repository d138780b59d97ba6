"""What can keep the services from running."""

OWN_SERVICES = (
    "Or use services of your own: set DATABASE_URL (with DATABASE_OWNER_URL for migrations), "
    "KAFKA_BOOTSTRAP_SERVERS and VALKEY_URL; a service whose variable is set is not started here."
)
"""The way out that every message about an embedded service ends with."""


class ServicesUnavailable(Exception):
    """An embedded service cannot run; the message says what is missing and what to do about it."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}\n{OWN_SERVICES}")
