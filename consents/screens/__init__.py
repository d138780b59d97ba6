"""The customer's screens: sign in, say yes or no, see and end what was granted. Plain HTML, no JavaScript."""
