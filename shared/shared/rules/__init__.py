"""The rules of routing: pure functions from values to values, one for all who decide, simulate or replay."""
