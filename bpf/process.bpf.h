/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The life of processes: fork, exec, exit. */
#ifndef AKLO_PROCESS_H
#define AKLO_PROCESS_H

#define SITE_FLAGS (EVENT_SITE_UNKNOWN | EVENT_LINE_RELATIVE)
#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

/* A new task of the tree is traced before it has run its first instruction. */
static __always_inline void follow_child(struct task_struct *parent, struct task_struct *child)
{
	struct task_state *from = state_of(parent), *to;
	struct control *control = the_control();
	struct fork_record record = {.kind = RECORD_FORK};
	struct counters *counters;

	if (!from || from->mark.armed || !control)
		return;
	to = bpf_task_storage_get(&tasks, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!to) {
		counters = count_here();
		if (counters)
			__sync_fetch_and_add(&counters->tasks_lost, 1);
		return;
	}
	to->mark.muted = from->mark.muted;
	inherit_shell(to, from);
	if (child->tgid == parent->tgid) {
		to->mark.proc_id = from->mark.proc_id;
		return;
	}
	to->mark.proc_id = __sync_fetch_and_add(&control->next_proc_id, 1);
	__sync_fetch_and_add(&control->live_processes, 1);
	record.proc_id = to->mark.proc_id;
	record.parent_proc_id = from->mark.proc_id;
	record.pid = child->tgid;
	record.ppid = parent->tgid;
	record.ts_ns = bpf_ktime_get_boot_ns();
	record.stack = from->event.stack;
	record.line = from->event.line;
	record.site_flags = from->event.flags & SITE_FLAGS;
	emit_record(&record, sizeof(record), RECORD_FORK);
}

/* Whether --programs leaves this process out. */
static __always_inline bool is_muted(struct task_struct *task)
{
	char comm[COMM_BYTES];
	bool same;

	if (!config.program_count)
		return false;
	bpf_core_read(comm, sizeof(comm), &task->comm);
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

struct argv_walk {
	unsigned long from;
	__u32 bytes;
	__u32 proc_id;
};

static long emit_argv_chunk(__u32 index, void *context)
{
	struct argv_walk *walk = context;
	struct argv_record *record = the_scratch();
	__u32 offset = index * ARGV_CHUNK_BYTES, bytes;

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

/* The new image's argument block lies whole in its memory, and the kernel just wrote it. */
static __always_inline void note_image(struct task_struct *task, struct task_state *state,
				       struct linux_binprm *bprm)
{
	struct exec_record *record = the_scratch();
	struct argv_walk walk = {
		.from = task->mm->arg_start,
		.bytes = task->mm->arg_end - task->mm->arg_start,
		.proc_id = state->mark.proc_id,
	};
	long first, second = 0;

	if (!record)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	record->kind = RECORD_EXEC;
	record->proc_id = state->mark.proc_id;
	record->pid = task->tgid;
	record->argv_bytes = walk.bytes;
	record->ts_ns = bpf_ktime_get_boot_ns();
	identify_inode(bprm->file->f_inode, &record->identity);
	record->stack = state->event.stack;
	record->line = state->event.line;
	record->site_flags = state->event.flags & SITE_FLAGS;
	begin_shell(task, state, &record->identity, bprm->interp);
	first = bpf_probe_read_kernel_str(record->text, PATH_BYTES, bprm->filename);
	if (first < 0)
		first = 0;
	if (first > PATH_BYTES)
		return;
	if (bprm->interp != bprm->filename)
		second = bpf_probe_read_kernel_str(record->text + first, PATH_BYTES, bprm->interp);
	if (second < 0)
		second = 0;
	if (second > PATH_BYTES)
		return;
	record->bytes[0] = first;
	record->bytes[1] = second;
	if (emit_record(record, sizeof(*record) + first + second, RECORD_EXEC))
		bpf_loop(ARGV_CHUNKS, emit_argv_chunk, &walk, 0);
}

static __always_inline void end_process(void)
{
	struct control *control = the_control();

	if (control)
		__sync_fetch_and_sub(&control->live_processes, 1);
}

/*
 * Whether the process ends with this thread. Two threads that end at once can both find that no
 * other is alive: only the first of them to get here says so.
 */
static __always_inline bool is_last(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct task_state *whole;

	if (task->signal->live.counter)
		return false;
	whole = leader ? state_of(leader) : NULL;
	return !whole || !__sync_lock_test_and_set(&whole->ended, 1);
}

static __always_inline void note_exit(struct task_struct *task, struct task_state *state)
{
	struct signal_struct *signal = task->signal;
	struct exit_record record = {.kind = RECORD_EXIT};

	record.proc_id = state->mark.proc_id;
	record.tid = task->pid;
	record.last = is_last(task);
	record.ts_ns = bpf_ktime_get_boot_ns();
	record.cpu_ns = cpu_time(state, record.ts_ns);
	record.system_ns = state->system_ns;
	record.max_rss_pages = signal->maxrss;
	record.run_delay_ns = run_delay(task) - state->run_delay_before_ns;
	record.stopped_ns = state->stopped_ns;
	record.exit_code = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code
							     : task->group_leader->exit_code;
	emit_record(&record, sizeof(record), RECORD_EXIT);
	if (record.last)
		end_process();
}

#endif
