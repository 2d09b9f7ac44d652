"""Codes that parcels are followed by: made of number series or given by suppliers, and where they lead."""
