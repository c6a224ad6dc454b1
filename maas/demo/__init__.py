"""The demo: a town like Kibichuo, drawn and invented by seed, and a day of its life."""
