"""Two sides of traces, before and after: what got slower or faster, what is new and what is gone.

    a trace --> Amounts, by entry and measure
    amounts of both sides --> the same entries under the same names --> changes --> Comparison

Counts that are the same in every trace of a side repeat exactly, and any difference between the
sides is real. What varies within a side, as times do, is told from chance by a test, which takes
several traces of each.
"""
