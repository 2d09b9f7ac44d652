"""Notifier owns whom to tell what: e-mail to suppliers and the log of every delivery."""
