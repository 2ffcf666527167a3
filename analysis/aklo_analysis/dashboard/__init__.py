"""The dashboard: what happens in a recording, while it happens or once more.

    events of a recorder, or tables of a trace --> Seen --> State (sums of constant size)
      --> screen (lines of text) --> terminal

Nothing here asks a recorder for anything or keeps what it has seen: pandas is not needed.
"""
