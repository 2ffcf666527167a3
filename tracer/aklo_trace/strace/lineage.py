"""Joins the pieces of a log: which process each thread is of, and calls that span pieces.

Processes are known by their forks. Under strace a child often acts before its parent's fork
returns, so that the child's first line may stand in one piece and the fork's end in the next:
each piece is joined with a look at the one that follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aklo_trace.events import NULL, ImageStart, ProcessEnd, ProcessStart, Site, Untold
from aklo_trace.schema import ProcessFlag, SyscallFlag
from aklo_trace.strace.births import Births
from aklo_trace.strace.calls import EXECS, EXITS, SPAWNS
from aklo_trace.strace.line import Call, Part
from aklo_trace.strace.moments import (
    Appeared,
    Ended,
    Halved,
    Hole,
    Leaving,
    Marked,
    Moment,
    OfThread,
    Personality,
    Replaced,
    Spawned,
    Stopped,
    Superseded,
)
from aklo_trace.strace.pairing import join
from aklo_trace.strace.processes import (
    NAMELESS,
    OURS,
    UNKNOWN_PID,
    Joined,
    JoinedCall,
    Process,
    Thread,
    Unseen,
)
from aklo_trace.strace.site_marks import LEFT, Place, Reads, Shell


class Lineage:
    """The processes of a log. `own_pid` is who makes lines without a pid before any other
    process is known, `own_cwd` its working directory; `is_fine` is as in `Layout`; `tells_stops`: a
    process without a line that says so was not stopped; `root` is
    the first process; `unseen` and `silent`, the processes whose shells did not say where in
    their code they were, by reason, are complete at the end of the log."""

    def __init__(
        self, own_pid: int | None, own_cwd: bytes | None, is_fine: bool, tells_stops: bool
    ) -> None:
        self._own_pid = UNKNOWN_PID if own_pid is None else own_pid
        self._own_cwd = own_cwd
        self._is_fine = is_fine
        self._tells_stops = tells_stops
        self._live: dict[int, Thread] = {}
        self._forking: dict[int, Thread] = {}
        self._births = Births()
        self._next_proc_id = 1
        self._tids: list[int] = []
        self._joined = Joined([])
        self.root: Process | None = None
        self.unseen = Unseen()
        self.silent: dict[str, set[int]] = {}

    def join(
        self,
        tids: list[int],
        moments: list[Moment],
        next_tids: list[int],
        next_moments: list[Moment],
    ) -> Joined:
        """Follow one piece, given the threads and moments of it and of the piece after it."""
        nobody = Thread(UNKNOWN_PID, Process(0, UNKNOWN_PID))
        self._joined, self._tids = Joined([nobody] * len(tids)), tids
        self._births = Births()
        self._births.expect(tids, moments, 0)
        self._births.expect(next_tids, next_moments, 1)
        for moment in moments:
            _FOLLOW[type(moment)](self, moment)
        return self._joined

    def finish(self) -> Joined:
        """What is left at the end of the log: calls that never returned, and processes whose
        end only their call of exit tells."""
        self._joined = Joined([])
        for thread in self._live.values():
            self._abandon(thread)
            self.unseen.children += thread.silent
        staying = {thread.process.proc_id for thread in self._live.values() if not thread.leaving}
        for process in {t.process.proc_id: t.process for t in self._live.values()}.values():
            if process.left and process.proc_id not in staying:
                process.status = process.left.status
                self._end(process, process.left.ts_ns)
        heard = {thread.process.proc_id for thread in self._live.values() if not thread.silent}
        self.unseen.ends = len(staying & heard)
        self._live.clear()
        return self._joined

    def _thread(self, moment: OfThread) -> Thread:
        return self._joined.threads[moment.thread]

    def appeared(self, moment: Appeared) -> None:
        tid = self._tids[moment.thread]
        thread = self._nameless() if tid == NAMELESS else self._live.get(tid)
        if thread and thread.leaving and not moment.ends:
            self._drop(thread)
            thread = None
        if not thread:
            thread = self._introduce(self._own_pid if tid == NAMELESS else tid, moment)
        thread.silent = False
        if thread.tid == thread.process.pid:
            thread.process.resume(moment.ts_ns)
        self._joined.threads[moment.thread] = thread
        self._joined.places.append((moment.thread, 0, thread.place))
        if thread.compat:
            self._joined.switches.append((moment.thread, 0, True))

    def _nameless(self) -> Thread | None:
        """Who makes a line without a pid: the only process there is."""
        if len(self._live) == 1:
            return next(iter(self._live.values()))
        return self._live.get(self._own_pid)

    def _introduce(self, tid: int, moment: Appeared) -> Thread:
        for birth in self._births.of(tid):
            parent = self._live.get(birth.parent_tid)
            started_ns = min(moment.ts_ns, birth.ts_ns)
            if birth.spawned and not birth.spawned.used:
                birth.spawned.used = True
                return self._born(tid, parent, birth.spawned.is_thread, started_ns, moment.line)
            if not birth.spawned and parent and parent.is_forking:
                return self._claimed(tid, parent, started_ns, moment.line)
        if len(self._forking) == 1:
            parent = next(iter(self._forking.values()))
            return self._claimed(tid, parent, moment.ts_ns, moment.line)
        first = self.root is None
        known = first and moment.execs
        self.unseen.starts += not known
        thread = self._start(
            tid,
            ProcessStart(
                moment.ts_ns,
                self._next_proc_id,
                tid,
                cwd=self._own_cwd if first else None,
                flags=0 if known else int(ProcessFlag.START_UNSEEN),
            ),
        )
        thread.orphan = not first
        return thread

    def _claimed(self, tid: int, parent: Thread, ts_ns: int, line: int) -> Thread:
        """The child of a fork that has not returned."""
        self._forking.pop(parent.tid, None)
        parent.claimed = True
        is_thread = parent.open is not None and parent.open.thread
        return self._born(tid, parent, is_thread, ts_ns, line)

    def _born(
        self, tid: int, parent: Thread | None, is_thread: bool, ts_ns: int, line: int
    ) -> Thread:
        if parent and is_thread:
            return self._add(Thread(tid, parent.process, compat=parent.compat))
        parent_id = parent.process.proc_id if parent else None
        ppid = parent.process.pid if parent else None
        site = self._birthplace(tid, parent, line)
        start = ProcessStart(ts_ns, self._next_proc_id, tid, parent_id, ppid, site=site)
        thread = self._start(tid, start)
        thread.site = site
        thread.is_mute = parent is not None and parent.is_mute
        thread.compat = parent is not None and parent.compat
        return thread

    def _birthplace(self, tid: int, parent: Thread | None, line: int) -> Site | None:
        """Where in a shell's code a child was forked. What the child itself says first is
        nearer to it than what the parent said last: bash says nothing of a pipe or substitution."""
        if parent is None or parent.site is None:
            return None
        said = self._births.next_mark(tid, line, Place)
        return said.site if said and said.site else parent.site

    def _start(self, tid: int, start: ProcessStart) -> Thread:
        self._next_proc_id += 1
        self._joined.process_events.append(start)
        process = Process(start.proc_id, start.pid)
        if self.root is None:
            self.root = process
        return self._add(Thread(tid, process))

    def _add(self, thread: Thread) -> Thread:
        thread.process.threads += 1
        self._live[thread.tid] = thread
        return thread

    def spawned(self, moment: Spawned) -> None:
        if moment.used:
            return
        moment.used = True
        child = self._live.get(moment.child)
        if child and child.orphan:
            child.orphan = False
            self.unseen.starts -= 1
            return
        if child:
            self._drop(child)
        started_ns = self._births.started_ns(moment)
        parent, is_thread = self._thread(moment), moment.is_thread
        thread = self._born(moment.child, parent, is_thread, started_ns, moment.line)
        thread.silent = True

    def replaced(self, moment: Replaced) -> None:
        thread, image = self._thread(moment), moment.image
        shell = self._births.next_mark(thread.tid, moment.line, Shell)
        self._joined.process_events.append(
            ImageStart(
                moment.ts_ns,
                thread.process.proc_id,
                image.exe,
                image.argv,
                flags=image.flags,
                shell=f"bash {shell.version}" if shell else None,
                site=thread.site,
            )
        )
        thread.is_mute = False
        self._place(thread, moment.thread, moment.line + 1, None)

    def marked(self, moment: Marked) -> None:
        thread, mark = self._thread(moment), moment.mark
        match mark:
            case Reads():
                thread.is_reading_ours = True
                self._joined.places.append((moment.thread, moment.line, OURS))
            case Shell(_, refusal) if refusal:
                self._falls_silent(thread, refusal)
                self._place(thread, moment.thread, moment.line, None)
            case Place(site, leaves):
                self._place(thread, moment.thread, moment.line, None if thread.is_mute else site)
                if leaves:
                    self._falls_silent(thread, LEFT)

    def _place(self, thread: Thread, number: int, line: int, site: Site | None) -> None:
        thread.site, thread.is_reading_ours = site, False
        self._joined.places.append((number, line, site))

    def _falls_silent(self, thread: Thread, reason: str) -> None:
        thread.is_mute = True
        self.silent.setdefault(reason, set()).add(thread.process.proc_id)

    def leaving(self, moment: Leaving) -> None:
        thread = self._thread(moment)
        thread.leaving = True
        thread.process.left = moment

    def ended(self, moment: Ended) -> None:
        thread = self._thread(moment)
        process = thread.process
        if thread.tid == process.pid or (process.threads == 1 and process.status is None):
            process.status, process.signal = moment.status, moment.signal
        self._drop(thread, moment.ts_ns)

    def _drop(self, thread: Thread, ended_ns: int | None = None) -> None:
        """A thread is no more; when it ended is known if its end was seen."""
        self._abandon(thread)
        self.unseen.children += thread.silent
        if self._live.get(thread.tid) is thread:
            del self._live[thread.tid]
        thread.process.threads -= 1
        if thread.process.threads > 0:
            return
        if ended_ns is not None:
            self._end(thread.process, ended_ns)
        elif thread.process.left:
            thread.process.status = thread.process.left.status
            self._end(thread.process, thread.process.left.ts_ns)

    def _end(self, process: Process, ts_ns: int) -> None:
        process.resume(ts_ns)
        known = self._is_fine and (process.stopped_ns or self._tells_stops)
        self._joined.process_events.append(
            ProcessEnd(
                ts_ns,
                process.proc_id,
                process.status,
                process.signal,
                stopped_ns=process.stopped_ns if known else None,
            )
        )

    def stopped(self, moment: Stopped) -> None:
        thread = self._thread(moment)
        if thread.tid == thread.process.pid:
            thread.process.stopped_at_ns = moment.ts_ns
            if moment.resumed_ns is not None:
                thread.process.resume(moment.resumed_ns)

    def halved(self, moment: Halved) -> None:
        thread, call = self._thread(moment), moment.call
        if call.part is Part.BEGIN:
            self._abandon(thread)
            call.flags |= SyscallFlag.COMPAT if thread.compat else 0
            thread.open, thread.begun_ns, thread.opened_by = call, moment.ts_ns, thread.tid
            thread.claimed = False
            if call.syscall in SPAWNS:
                self._forking[thread.tid] = thread
            if call.syscall in EXITS and call.status is not None:
                self.leaving(Leaving(moment.line, moment.ts_ns, moment.thread, call.status))
        elif thread.open and thread.open.syscall == call.syscall:
            between_ns = moment.ts_ns - thread.begun_ns if self._is_fine else None
            joined = join(thread.open, call, between_ns)
            self._called(thread, thread.begun_ns, thread.opened_by, joined)
            thread.open = None
            self._forking.pop(thread.tid, None)
            self._take_effect(joined, thread, moment, thread.begun_ns)
        else:
            self._abandon(thread)
            self._enterless(thread, moment)

    def _enterless(self, thread: Thread, moment: Halved) -> None:
        """A call returned of which no beginning was seen."""
        call = moment.call
        call.part = Part.WHOLE
        call.flags |= int(SyscallFlag.NO_ENTRY) | (SyscallFlag.COMPAT if thread.compat else 0)
        began_ns = max(moment.ts_ns - (0 if call.dur_ns == NULL else call.dur_ns), 0)
        self._called(thread, began_ns, thread.tid, call)
        self._take_effect(call, thread, moment, began_ns)

    def _called(self, thread: Thread, ts_ns: int, tid: int, call: Call) -> None:
        if not call.is_mark:
            proc_id = thread.process.proc_id
            self._joined.calls.append(JoinedCall(ts_ns, proc_id, tid, call, thread.place))

    def _take_effect(self, call: Call, thread: Thread, moment: Halved, began_ns: int) -> None:
        """What a call that has just been completed does to processes."""
        ended_ns = moment.ts_ns if call.dur_ns == NULL else began_ns + call.dur_ns
        ended = (moment.line, ended_ns, moment.thread)
        if call.syscall in SPAWNS and call.spawned:
            claimed, thread.claimed = thread.claimed, False
            if not claimed:
                self.spawned(self._as_announced(call, ended))
        elif call.syscall in EXECS and call.ret == 0 and call.image:
            self.replaced(Replaced(*ended, call.image, began_ns))

    def _as_announced(self, call: Call, ended: tuple[int, int, int]) -> Spawned:
        return Spawned(*ended, call.spawned or 0, call.thread)

    def hole(self, moment: Hole) -> None:
        """Whether the calls that are open have returned is not known, nor what the processes did:
        from the time of the line before on, where times are too coarse to tell it from that of the
        next."""
        for thread in self._live.values():
            self._abandon(thread, SyscallFlag(0))
            thread.site, thread.is_reading_ours = None, False
        for number, thread in enumerate(self._joined.threads):
            if self._live.get(thread.tid) is thread:
                self._joined.places.append((number, moment.line, None))
        ts_ns = moment.ts_ns + (1 if self._is_fine else 0)
        for proc_id in {thread.process.proc_id for thread in self._live.values()}:
            self._joined.process_events.append(Untold(ts_ns, proc_id, image=True))
        self._tells_stops = False

    def _abandon(self, thread: Thread, flag: SyscallFlag = SyscallFlag.UNFINISHED) -> None:
        """No return of a thread's open call is in the log."""
        call, thread.open = thread.open, None
        self._forking.pop(thread.tid, None)
        if call:
            call.part = Part.WHOLE
            call.flags |= int(flag)
            self._called(thread, thread.begun_ns, thread.opened_by, call)

    def superseded(self, moment: Superseded) -> None:
        """An exec of another thread goes on under this one's pid."""
        leader, other = self._thread(moment), self._live.get(moment.by)
        self._abandon(leader)
        if other and other is not leader:
            leader.open, other.open = other.open, None
            leader.opened_by, leader.begun_ns = other.opened_by, other.begun_ns
            self._forking.pop(other.tid, None)
            self._drop(other)

    def personality(self, moment: Personality) -> None:
        self._thread(moment).compat = moment.compat
        self._joined.switches.append((moment.thread, moment.row, moment.compat))


_FOLLOW: Final[dict[type[Moment], Callable[[Lineage, Any], None]]] = {
    Appeared: Lineage.appeared,
    Spawned: Lineage.spawned,
    Replaced: Lineage.replaced,
    Leaving: Lineage.leaving,
    Ended: Lineage.ended,
    Halved: Lineage.halved,
    Stopped: Lineage.stopped,
    Superseded: Lineage.superseded,
    Personality: Lineage.personality,
    Marked: Lineage.marked,
    Hole: Lineage.hole,
}
