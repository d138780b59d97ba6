"""
The core's canonical events become views: whole batches, in any order, any number of times.

Each handler keeps, of every thing in its batch, the newest state by ``source_version``, and writes it in one
statement that leaves a newer row alone. Keys are sorted, so that two batches never wait for each other in a circle.
"""

from accounts.consumers import accounts, balances, parties, transactions

__all__ = ["accounts", "balances", "parties", "transactions"]
