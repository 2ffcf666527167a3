"""From the frames of a trace to findings and reports."""
