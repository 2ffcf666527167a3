"""Record what a shell program really does: every syscall, every child process."""

__version__ = "0.1.0"
