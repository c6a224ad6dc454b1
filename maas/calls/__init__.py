"""The town's telephone: who rings, who is waiting, and for how long."""
