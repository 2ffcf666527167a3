/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The life of tasks, as far as it does not depend on how a kernel struct is read. */
#ifndef AKLO_LIFE_H
#define AKLO_LIFE_H

#define SITE_FLAGS (EVENT_SITE_UNKNOWN | EVENT_LINE_RELATIVE)

static __always_inline void lose_task(void)
{
	struct counters *counters = count_here();

	if (counters)
		__sync_fetch_and_add(&counters->tasks_lost, 1);
	lose_detail_in_tree(member_here());
}

/* A new task of the tree is traced before it has run its first instruction. */
static __always_inline void begin_task(struct task_state *to, const struct task_state *from,
				       struct control *control, __u32 pid, __u32 ppid)
{
	struct fork_record record = {.kind = RECORD_FORK};

	__sync_fetch_and_add(&control->live_tasks, 1);
	to->mark.muted = from->mark.muted;
	to->lost_move = from->lost_move;
	inherit_shell(to, from);
	if (pid == ppid) { /* a thread */
		to->mark.proc_id = from->mark.proc_id;
		return;
	}
	to->mark.proc_id = new_proc_id(from, control);
	if (!to->mark.proc_id) /* there are no more */
		lose_task();
	__sync_fetch_and_add(&control->live_processes, 1);
	record.proc_id = to->mark.proc_id;
	record.parent_proc_id = from->mark.proc_id;
	record.pid = pid;
	record.ppid = ppid;
	record.ts_ns = bpf_ktime_get_boot_ns();
	record.stack = from->event.stack;
	record.line = from->event.line;
	record.site_flags = from->event.flags & SITE_FLAGS;
	emit_record(&record, sizeof(record), RECORD_FORK);
}

/* Whether --programs leaves a process of this name out. */
static __always_inline bool is_left_out(const char *comm)
{
	bool same;

	if (!config.program_count)
		return false;
	for (__u32 i = 0; i < PROGRAMS && i < config.program_count; i++) {
		same = true;
		for (__u32 j = 0; j < COMM_BYTES; j++) {
			if (comm[j] != config.programs[i][j])
				same = false;
			if (!comm[j])
				break;
		}
		if (same)
			return false;
	}
	return true;
}

static __always_inline bool is_muted(void)
{
	char comm[COMM_BYTES];

	return !bpf_get_current_comm(comm, sizeof(comm)) && is_left_out(comm);
}

/* The current task executes another program. `filename` is the kernel's copy of its name. */
static __always_inline void begin_image(struct fs_struct *fs, struct task_state *state,
					__u64 run_delay_ns, const char *filename)
{
	if (state->mark.armed) {
		state->mark.armed = false;
		begin_cpu(state, run_delay_ns);
		count_attempt(state);
	}
	if (state->mark.path_pending)
		note_exec_path(fs, state, filename);
	state->mark.muted = is_muted();
}

struct argv_walk {
	unsigned long from;
	__u32 bytes;
	__u32 proc_id;
};

static long emit_argv_chunk(__u32 index, void *context)
{
	struct argv_walk *walk = context;
	struct argv_record *record = the_scratch();
	__u64 offset = (__u64)index * ARGV_CHUNK_BYTES, bytes; /* as wide as registers */

	if (!record || offset >= walk->bytes)
		return 1;
	bytes = walk->bytes - offset;
	if (bytes > ARGV_CHUNK_BYTES)
		bytes = ARGV_CHUNK_BYTES;
	if (bpf_probe_read_user(record->text, bytes, (void *)(walk->from + offset)))
		bytes = 0;
	record->kind = RECORD_ARGV;
	record->proc_id = walk->proc_id;
	record->offset = offset;
	record->bytes = bytes;
	emit_record(record, sizeof(*record) + bytes, RECORD_ARGV);
	return !bytes;
}

/* Tell of an image: its two names are in the record, their bytes as they were read; its arguments
 * follow. */
static __always_inline void emit_image(struct exec_record *record, __u64 first, long second,
				       struct argv_walk *walk)
{
	if (second < 0)
		second = 0;
	if (second > PATH_BYTES)
		return;
	record->bytes[0] = first;
	record->bytes[1] = second;
	if (emit_record(record, sizeof(*record) + first + second, RECORD_EXEC))
		bpf_loop(ARGV_CHUNKS, emit_argv_chunk, walk, 0);
}

static __always_inline void count_end(bool last)
{
	struct control *control = the_control();

	if (!control)
		return;
	__sync_fetch_and_add(&control->live_tasks, -1);
	if (last)
		__sync_fetch_and_add(&control->live_processes, -1);
}

/*
 * The call that a task ends within: exit, exit_group, or one it was killed in. False for a target
 * that could not be executed, of which nothing else is told.
 */
static __always_inline bool end_last_call(struct task_state *state)
{
	if (state->mark.armed) {
		count_end(true);
		return false;
	}
	if (state->mark.in_call && leave_call(state, bpf_ktime_get_boot_ns())) {
		state->event.flags |= EVENT_UNFINISHED;
		emit_event(state);
	}
	return true;
}

/* Tell of a task's end. The caller knows what stands in `record` already. */
static __always_inline void end_task(const struct task_state *state, struct exit_record *record)
{
	record->kind = RECORD_EXIT;
	record->proc_id = state->mark.proc_id;
	record->ts_ns = bpf_ktime_get_boot_ns();
	record->cpu_ns = cpu_time(state, record->ts_ns);
	record->system_ns = state->system_ns;
	record->stopped_ns = state->stopped_ns;
	emit_record(record, sizeof(*record), RECORD_EXIT);
	count_end(record->last);
}

#endif
