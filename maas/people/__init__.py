"""Riders and how an operator finds them while they are on the telephone."""
