"""How parcels are sent: carriers' services and their pickup points, shown by the API and loaded by a command."""
