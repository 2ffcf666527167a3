/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * CPU time of traced threads, to the nanosecond: the kernel's own utime and stime are sampled at
 * clock ticks, and a process that lives for a millisecond often has none.
 */
#ifndef AKLO_CPU_H
#define AKLO_CPU_H

#define TASK_STOPPED 0x0004 /* include/linux/sched.h: __TASK_STOPPED */

static __always_inline __u64 cpu_time(const struct task_state *state, __u64 now_ns)
{
	return state->cpu_ns + (state->on_cpu_since_ns ? now_ns - state->on_cpu_since_ns : 0);
}

static __always_inline void enter_call(struct task_state *state, __u64 now_ns,
				       enum in_call in_call)
{
	if (!state->on_cpu_since_ns) /* it was running when it was marked */
		state->on_cpu_since_ns = now_ns;
	state->cpu_at_entry_ns = cpu_time(state, now_ns);
	state->mark.in_call = in_call;
}

/* Whether the call that is left is recorded. */
static __always_inline bool leave_call(struct task_state *state, __u64 now_ns)
{
	bool recorded = state->mark.in_call == IN_RECORDED_CALL;

	state->system_ns += cpu_time(state, now_ns) - state->cpu_at_entry_ns;
	state->mark.in_call = OUTSIDE_CALLS;
	return recorded;
}

/* A target begins with its exec: what its launcher used before is not its own. */
static __always_inline void begin_cpu(struct task_state *state, __u64 run_delay_ns)
{
	state->run_delay_before_ns = run_delay_ns;
	state->cpu_ns = 0;
	state->system_ns = 0;
	state->cpu_at_entry_ns = 0;
	state->on_cpu_since_ns = state->event.start_ns;
}

/* Returns when that was. */
static __always_inline __u64 leave_cpu(struct task_state *state, bool stopped)
{
	__u64 now_ns = bpf_ktime_get_boot_ns();

	state->cpu_ns = cpu_time(state, now_ns);
	state->on_cpu_since_ns = 0;
	if (stopped)
		state->stopped_since_ns = now_ns;
	return now_ns;
}

static __always_inline void enter_cpu(struct task_state *state)
{
	state->on_cpu_since_ns = bpf_ktime_get_boot_ns();
	if (state->stopped_since_ns)
		state->stopped_ns += state->on_cpu_since_ns - state->stopped_since_ns;
	state->stopped_since_ns = 0;
}

#endif
