"""What is done about alerts: they are written down, and acted upon."""
