"""Inventory owns what there is: products, catalogues, balances, allocations and the waiting list of backorders."""
