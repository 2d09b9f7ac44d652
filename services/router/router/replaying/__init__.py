"""Past orders decided again under other rules, to see what those would change before anybody switches."""
