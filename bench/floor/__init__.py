"""The floor: the same way of an order with the logic left out, to tell how much of the time is ours.

HTTP → order and outbox → route and inbox → allocation → shipments → the order's state, and a notice to the supplier:
durable, in batches, with nothing but greedy taking, in four processes on the same broker and the same PostgreSQL
settings. It may not be slowed down; whoever finds a faster way to do the same durable steps puts it here.
"""
