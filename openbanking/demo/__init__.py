"""``make demo``: every process on this machine, one third party's journey through them, then a sandbox that stays."""
