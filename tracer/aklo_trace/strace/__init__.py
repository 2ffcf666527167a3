"""The engine `strace`: runs strace, and reads what it wrote here or elsewhere.

A log goes through these modules, in this order:

    sources      files, compressed files, standard input, `-ff` families; cut into pieces
    layout       what stands before each call: pid, time
    leaders      that part of every line of a piece, whole columns at a time
    fastpath     the regular calls, whole columns at a time
    line         every other line, one by one; the two agree on what both can read
    pairing      joins `<unfinished ...>` and `<... resumed>` within a piece
    piece        all of the above for one piece, in a worker process
    lineage      joins pieces: processes, and calls that span pieces
    log          the public seam: `read_logs`

`capture` attaches strace to a process.
"""
