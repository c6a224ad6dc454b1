"""Fares, vouchers and the money of each vehicle and day."""
