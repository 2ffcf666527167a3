"""The engine `strace`: runs strace, and reads what it wrote here or elsewhere.

A log goes through these modules, in this order:

    sources      files, compressed files, standard input
    plan         cuts a log into pieces; `family` does it for the files of ``strace -ff``
    pool         hands the pieces to worker processes, which do all up to `happenings`
    slices       the text of a piece
    leaders      what stands before each call: pid, time; `layout` says in which form
    fastpath     the regular calls of a piece, whole columns at a time
    line         every other line, one by one; the two agree on what both can read
    pairing      joins ``<unfinished ...>`` and ``<... resumed>`` within a piece
    happenings   what the lines tell of processes and threads
    lineage      joins the pieces: which process each call is of, calls that span pieces
    batches      the events of a piece, as all engines give them
    log          the seam: `read_logs`

`capture` attaches strace to a process; `engine` is what the command line sees of all this.
"""
