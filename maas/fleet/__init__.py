"""Vehicles with their shifts, and the devices in them."""
