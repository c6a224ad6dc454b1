"""Who may come in: roles, staff, sessions, devices.  Knows no web framework."""
