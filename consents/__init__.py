"""The customer's permission: life cycle, grant, the screens where it is given and taken back."""
