"""The papers of a parcel: what is on them, how they are set, and the process that sets them (docs/decisions/0017)."""
