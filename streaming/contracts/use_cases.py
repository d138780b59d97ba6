"""What the platform is for, row by row; every event type names the rows that need it."""

from collections.abc import Mapping

USE_CASES: Mapping[str, str] = {
    "1a": "Payments from order to booking, on one timeline",
    "1b": "Fraud decisions before money or consent is given",
    "1c": "Payee names checked before a payment",
    "2a": "Past states of consents and payments, rebuilt from their events",
    "2b": "Work that is done after the answer: webhooks, views, follow-ups",
    "3a": "Rates and prices as a stream",
    "3b": "One rate out of many sources",
    "4a": "Trades watched for abuse",
    "4b": "A trail of who did what, and why",
    "5a": "Offers that rest on consent",
    "5b": "All about one customer or one third party on a page",
    "5c": "Transactions with merchants, categories and series",
    "6a": "Exposure, limits and liquidity within the day",
    "6b": "Forecasts of balances and affordability",
    "7a": "The core's formats, read once and translated",
    "7b": "Contracts between services",
    "8a": "Balances and transactions, fresh from the core",
    "8b": "Our books reconciled with the core's",
    "9a": "Money laundering found and reported",
    "9b": "Names screened against sanctions lists",
    "9c": "Reports for the regulator and the public",
    "10a": "Old cores replaced behind one port",
    "10b": "Open banking under standards that can be switched",
}
"""The title of each row, by its id."""
