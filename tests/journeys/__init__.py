"""A package, so that what its fixtures start ends with its last test: a system at rest takes a sixth of a core."""
