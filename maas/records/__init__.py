"""What really happened, by day."""
