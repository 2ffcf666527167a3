"""The configuration: which keys there are, where their values come from, and which one counts.

    flags > environment > the project's .aklo.conf > user > system > default

It is read before anything is recorded, and so is light: no library, and nothing imported that is
not needed. Every value knows the file and line, or the variable, that it comes from.
"""
