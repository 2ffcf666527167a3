"""What many runs of a command say of its caches, and of what tracing it costs.

runs, cold and warm, traced and not + what the traced ones show --> Benchmark
"""
