"""What tracing costs. Not part of the test suite: times differ between machines and runs."""
