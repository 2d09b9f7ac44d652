"""What every service uses and what has no opinion about orders: messages, transactions, HTTP, logs and metrics."""
