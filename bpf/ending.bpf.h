/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * How a process ended, from what went before: its own exit and exit_group, and the signals that
 * were sent and delivered. The first cause of a group's end counts, as in the kernel.
 */
#ifndef AKLO_ENDING_H
#define AKLO_ENDING_H

#define STATUS_BITS 0xff

/* Signals whose default is to be ignored, or to stop a process: signal(7). The rest end it. */
#define SURVIVED ((1ULL << 17) | (1ULL << 18) | (1ULL << 19) | (1ULL << 20) | (1ULL << 21) | \
		  (1ULL << 22) | (1ULL << 23) | (1ULL << 28))
#define SIGNALS 64
#define SIGNAL_KILL 9

static __always_inline bool ends_by_default(__u32 signal)
{
	return signal && signal <= SIGNALS && !(SURVIVED >> (signal & 63) & 1);
}

static __always_inline void end_group(struct process *process, __u32 exit_code)
{
	if (process->exit_code == UNKNOWN_EXIT_CODE)
		process->exit_code = exit_code;
}

/* The current task calls exit or exit_group. */
static __always_inline void note_exit_call(const struct tid_state *state, __u32 tid, __u16 flags)
{
	struct process *process = process_of(state->tgid);
	__u32 exit_code = (state->task.args[0] & STATUS_BITS) << 8;

	if (!process)
		return;
	if (flags & SPEC_EXIT_GROUP)
		end_group(process, exit_code);
	else if (tid == state->tgid)
		process->leader_exit_code = exit_code;
}

/* A signal was sent to a task, and not ignored. */
static __always_inline void note_signal_sent(__u32 tid, __u32 signal)
{
	struct tid_state *state = state_of_tid(tid);
	struct process *process = state ? process_of(state->tgid) : NULL;

	if (process && ends_by_default(signal))
		process->signal = signal;
}

/*
 * A signal that no handler takes reaches the current task. One that ends a whole process at once
 * is shown as SIGKILL in each of its threads: then it is the last one that was sent.
 */
static __always_inline void note_signal_taken(const struct tid_state *state, __u32 signal)
{
	struct process *process = process_of(state->tgid);

	if (process && ends_by_default(signal))
		end_group(process, signal == SIGNAL_KILL && process->signal ? process->signal
									    : signal);
}

/* Another program begins: what was meant for the threads of the old one is over. */
static __always_inline void forget_ending(const struct tid_state *state)
{
	struct process *process = process_of(state->tgid);

	if (!process)
		return;
	process->exit_code = UNKNOWN_EXIT_CODE;
	process->leader_exit_code = UNKNOWN_EXIT_CODE;
	process->signal = 0;
}

/* The current task ends. */
static __always_inline void note_tid_exit(const struct tid_state *state,
					  const struct process *process, __u32 tid, bool last)
{
	struct exit_record record = {
		.tid = tid,
		.last = last,
		.max_rss_pages = UNKNOWN_COUNT,
		.run_delay_ns = UNKNOWN_COUNT,
		.exit_code = UNKNOWN_EXIT_CODE,
	};

	if (process) {
		record.exit_code = process->exit_code;
		if (record.exit_code == UNKNOWN_EXIT_CODE)
			record.exit_code = process->leader_exit_code;
	}
	end_task(&state->task, &record);
}

#endif
