"""How much an event type tells about people: the class that its records carry in a header."""

from dataclasses import fields
from enum import StrEnum

from streaming.events import Event

LINKING = frozenset(
    {
        "account_id",
        "account_ids",
        "authorization_id",
        "consent_id",
        "customer_id",
        "debtor_account_id",
        "holder_id",
        "party_id",
        "payment_id",
        "transaction_id",
    }
)
"""Fields that lead to a customer, though they name nobody."""


class PersonalDataClass(StrEnum):
    """What a reader of an event has to protect."""

    NONE = "none"
    """It is about nobody in particular."""
    LINKED = "linked"
    """It tells about a customer, whom only ids name."""
    PERSONAL = "personal"
    """It has personal fields."""


def personal_data_class(event_type: type[Event]) -> PersonalDataClass:
    """Return the class of an event type, by its fields."""
    if event_type.personal:
        return PersonalDataClass.PERSONAL
    names = {field.name for field in fields(event_type)}
    return PersonalDataClass.LINKED if names & LINKING else PersonalDataClass.NONE
