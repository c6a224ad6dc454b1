"""Quotes, bookings, the live plan, and what the drivers report."""
