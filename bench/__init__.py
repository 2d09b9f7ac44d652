"""How fast it is: measured here, never in the tests."""
