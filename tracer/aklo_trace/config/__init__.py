"""The configuration: which keys there are, where their values come from, and which one counts.

    flags > environment > the project's .aklo.conf > user > system > default

It is read before anything is recorded, and so is light: nothing is imported that is not needed,
and no library. pydantic-settings would take 0.2 s and 23 MB of every recording, and tell neither
the lines of a file nor all mistakes of it at once. Every value knows the file and line, or the
variable, that it comes from. Only what writes uses tomlkit, which keeps comments.
"""
