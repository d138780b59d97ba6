"""What the machine allows: the same work with nothing of the platform around it."""
