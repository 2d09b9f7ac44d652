"""Order intake owns the order book: orders as posted and the state of their rows."""
