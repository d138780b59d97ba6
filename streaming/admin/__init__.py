"""The log, its consumers and what they set aside, for the bank's staff; what is personal is masked until asked for."""

from streaming.admin import event_log, event_types, groups, letters, parked_keys

__all__ = ["event_log", "event_types", "groups", "letters", "parked_keys"]
