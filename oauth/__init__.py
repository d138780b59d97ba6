"""Who is asking: people who sign in, third parties and their clients, tokens, the authorisation server."""
