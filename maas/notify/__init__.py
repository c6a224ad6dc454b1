"""What riders, their families and operators are told outside the screens, and by which channel."""
