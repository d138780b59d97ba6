"""The dispatcher: claims due deliveries, asks for their consent, signs, calls, records."""
