"""What makes shells complete our command line."""
