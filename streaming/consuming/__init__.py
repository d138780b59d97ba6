"""The runtime of consumers: inbox, effects, outputs and offsets of a batch are committed in one transaction."""
