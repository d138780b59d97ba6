"""Where third parties want events, and how they are delivered, signed and under live consent."""
