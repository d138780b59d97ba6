"""The bank behind the platform: ports, adapters, translators to canonical events, the simulator."""
