"""The feed: what happened to an organisation's orders, shipments and stock, in one order that never changes."""
