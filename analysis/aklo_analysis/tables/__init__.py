"""The tables of a report: each module makes one from the frames of a trace."""
