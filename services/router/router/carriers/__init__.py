"""Carriers whose own systems book a parcel and make its label: asked over the network, outside any transaction."""
