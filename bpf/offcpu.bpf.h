/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * When traced threads had no CPU, since when they could have run, and who woke them. A thread is
 * told of when it has a CPU again, by whatever task left it.
 */
#ifndef AKLO_OFFCPU_H
#define AKLO_OFFCPU_H

#define PF_EXITING 0x00000004 /* include/linux/sched.h */

static __always_inline void begin_off_cpu(struct task_state *state, bool preempted, __u32 why,
					  __u64 now_ns)
{
	struct off_cpu *off = &state->off_cpu;

	if (!config.off_cpu)
		return;
	off->since_ns = now_ns;
	off->flags = preempted || !why ? OFFCPU_READY : why & TASK_STOPPED ? OFFCPU_STOPPED : 0;
}

/* A new task waits for its first CPU. */
static __always_inline void begin_unborn(struct task_state *state)
{
	begin_off_cpu(state, true, 0, bpf_ktime_get_boot_ns());
}

/* Whether the current task can be the one that wakes another: what is done in its name otherwise
 * is an interrupt's. Within a call it may be one all the same. */
static __always_inline bool can_wake(struct task_struct *task, const struct task_state *state,
				     const struct task_state *woken)
{
	return state->root == woken->root && (state->mark.in_call || task->flags & PF_EXITING);
}

/*
 * Somebody wakes a task. It may not have left its CPU yet, or not do so at all; so this is kept
 * until it runs again, and the last one counts.
 */
static __always_inline void note_waking(struct task_state *state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct off_cpu *off = &state->off_cpu;
	struct task_state *waker = state_of(task);

	off->woken_ns = bpf_ktime_get_boot_ns();
	if (waker && can_wake(task, waker, state)) {
		off->waker_proc_id = waker->mark.proc_id ?: waker->ended_proc_id;
		off->waker_tid = task->pid;
		off->waking = 0;
	} else {
		off->waker_proc_id = 0;
		off->waker_tid = 0;
		off->waking = OFFCPU_BY_OTHERS;
	}
}

static __always_inline void tell_off_cpu(const struct task_struct *task,
					 const struct task_state *state)
{
	const struct off_cpu *off = &state->off_cpu;
	struct offcpu_record record = {.kind = RECORD_OFFCPU};

	record.proc_id = state->mark.proc_id;
	record.tid = task->pid;
	record.flags = off->flags;
	record.ts_ns = off->since_ns;
	record.end_ns = state->on_cpu_since_ns;
	if (off->flags & OFFCPU_READY) {
		record.ready_ns = off->since_ns;
	} else if (off->woken_ns) {
		record.ready_ns = off->woken_ns > off->since_ns ? off->woken_ns : off->since_ns;
		record.flags |= off->waking;
		record.waker_proc_id = off->waker_proc_id;
		record.waker_tid = off->waker_tid;
	}
	emit_record_of(config.watching ? state : NULL, &record, sizeof(record), RECORD_OFFCPU);
}

/* It has entered its CPU. */
static __always_inline void end_off_cpu(const struct task_struct *task, struct task_state *state)
{
	struct off_cpu *off = &state->off_cpu;
	struct control *control = the_control();

	if (off->since_ns && !state->mark.armed && control && !control->stopped)
		tell_off_cpu(task, state);
	__builtin_memset(off, 0, sizeof(*off));
}

/*
 * A task does something. The kernel of some virtual machines keeps certain tasks of the host's own
 * from every tracer, and with them who gets their CPU: that is seen now, when a call ends mostly,
 * or when the task leaves its CPU again.
 */
static __always_inline void note_running(const struct task_struct *task, struct task_state *state)
{
	if (state->on_cpu_since_ns)
		return;
	enter_cpu(state);
	state->off_cpu.flags |= OFFCPU_END_LATE;
	end_off_cpu(task, state);
}

#endif
