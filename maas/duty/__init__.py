"""Drivers' duties: roll calls, vehicle checks, meters, breaks, and the day they make."""
