"""Adapters between the ports and a bank's systems."""
