"""What the service is sent by nobody in their right mind: `python -m tests.fuzz`."""
