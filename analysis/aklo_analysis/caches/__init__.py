"""Caches, told from what was done: how often they hit, what that saved, and how large they are.

    caches (data) + files of the trace --> entries --> steps --> lookups --> extents --> table

A cache keeps its answers in files, or a shell function gives them. Nothing here knows a tool; the
caches of aklo are the data in `cache.SHIPPED`.
"""
