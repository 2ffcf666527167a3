"""Running a command again and again: cold and warm, traced and not, in turn."""
