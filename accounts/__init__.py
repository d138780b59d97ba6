"""Read views of accounts, balances and transactions, kept fresh by the core's events."""
