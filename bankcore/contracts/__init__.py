"""
What an adapter of each port must do, as tests that a bank can run against its own systems.

Subclass a contract, say how to build the adapter and what it should know, and let any test runner collect
the ``test_`` methods; the classes need no library.
"""
