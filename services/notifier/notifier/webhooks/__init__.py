"""Webhooks: the feed of an organisation, sent to where it wants it, signed and in order."""
