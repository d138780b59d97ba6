"""Plain Python that every room may lean on: money, time, life cycles, identifiers, JOSE, errors."""
