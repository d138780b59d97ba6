"""The authorisation server's endpoints, one a file."""
