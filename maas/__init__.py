"""The service of one town: bookings, people, vehicles, records, API, screens and commands."""
