"""The `sluice` command: the whole system on one machine, composed in one place."""
