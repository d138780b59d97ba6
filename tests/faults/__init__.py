"""
What the streaming backbone promises, while everything that it stands on is killed, stopped, filled up or set back.

Each world of these tests has services and processes of its own, which may be hurt at will. What must come of it is
told by a journal outside the platform.
"""
