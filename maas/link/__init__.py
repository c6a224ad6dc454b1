"""Other services that are told of bookings."""
