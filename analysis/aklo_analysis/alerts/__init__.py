"""Alerts: what is limited, what of that a trace has, and what has become of it over several traces.

    conditions of the configuration + facts of a trace --> measurements
    measurements + what earlier traces have left --> verdicts, and what they leave

Nothing here looks at a clock or a file: the same trace, conditions and history always give the
same alerts.
"""
