/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tasks that were there before they were traced. Iterators, which user space runs, mark the
 * processes that it wants, with their threads and living descendants, and tell it of them. They run
 * until they find nothing new: from then on every child has a parent that is traced.
 */
#ifndef AKLO_JOIN_H
#define AKLO_JOIN_H

/* The processes to mark, by their pid in the pid namespace of user space. Filled by it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, JOIN_PIDS);
	__type(key, __u32);
	__type(value, __u32);
} join_pids SEC(".maps");

/* What a task's state begins with. One iterator runs at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct task_state);
} join_states SEC(".maps");

/* The pid of a task as the reader of the iterator sees it: in its own pid namespace. */
static __always_inline __u32 pid_for_reader(struct task_struct *task)
{
	struct task_struct *reader = bpf_get_current_task_btf();
	struct upid number = {};
	struct pid *pid = task->group_leader->thread_pid;
	__u32 level = reader->thread_pid->level;

	if (!pid)
		return 0;
	bpf_probe_read_kernel(&number, sizeof(number),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return number.nr;
}

/* Whose child a process is, or which process a thread belongs to, as far as that is traced. */
static __always_inline struct task_state *traced_origin(struct task_struct *task)
{
	struct task_state *state;

	if (task->pid != task->tgid)
		return state_of(task->group_leader);
	state = state_of(task->real_parent);
	return state ?: state_of(task->real_parent->group_leader);
}

/* The call that a task is in, if it sleeps; negative if it is in none. */
static __always_inline long call_of(struct task_struct *task)
{
	return call_number((struct pt_regs *)bpf_task_pt_regs(task));
}

static __always_inline void begin_joined(struct task_struct *task, struct task_state *state,
					 const struct joined *joined)
{
	char comm[COMM_BYTES];

	bpf_core_read(comm, sizeof(comm), &task->comm);
	__builtin_memset(state, 0, sizeof(*state));
	state->mark.proc_id = joined->proc_id;
	state->mark.muted = is_left_out(comm);
	state->shell.binary = joined->exe;
	state->shell.kind = config.attribution ? SHELL_UNSEEN : SHELL_NONE;
	state->run_delay_before_ns = run_delay(task);
	state->joined = true;
	state->joining = JOINING;
	state->event.start_ns = joined->ts_ns;
	state->slot = slot_of(call_of(task), is_compat(task));
}

/* Count the call that a sleeping task is in, so that it is in the accounts if it never returns. A
 * stopped task has returned from it, and one that ends, as a first thread may, is in none. */
static __always_inline void count_joining(struct task_struct *task, struct task_state *state)
{
	struct syscall_spec *spec = spec_of(state);
	struct counters *counters = count_here();

	if (!counters || !spec || !is_wanted(state, spec) || call_of(task) < 0)
		return;
	if (!task->__state || task->__state & TASK_STOPPED || task->flags & PF_EXITING)
		return;
	if (__sync_val_compare_and_swap(&state->joining, JOINING, JOINING_COUNTED) == JOINING)
		__sync_fetch_and_add(&counters->attempts[state->slot & (SYSCALL_SLOTS - 1)], 1);
}

static __always_inline void describe_process(struct task_struct *task, struct joined *joined)
{
	struct mm_struct *mm = task->mm;
	struct fs_struct *fs = task->fs;
	struct file *file = mm ? mm->exe_file : NULL;

	if (fs) {
		joined->has_cwd = true;
		joined->bytes[0] = read_place(&fs->pwd, FIRST_PLACE);
	}
	if (!file)
		return;
	identify_inode(file->f_inode, &joined->exe);
	joined->bytes[1] = read_place(&file->f_path, SECOND_PLACE);
}

/* Tell user space of a task. False if there was no room: it is shown again then. */
static __always_inline bool tell_joined(struct seq_file *seq, const struct joined *joined)
{
	struct place_scratch *places = the_places();

	if (!places || bpf_seq_write(seq, joined, sizeof(*joined)))
		return false;
	return !bpf_seq_write(seq, places->text[0], joined->bytes[0] & (PATH_BYTES - 1)) &&
	       !bpf_seq_write(seq, places->text[1], joined->bytes[1] & (PATH_BYTES - 1));
}

/* Mark one task. A process whose last thread has begun to end is let go. */
static __always_inline void join(struct seq_file *seq, struct task_struct *task,
				 struct task_state *origin, struct control *control)
{
	struct joined joined = {.pid = task->tgid, .tid = task->pid};
	bool is_process = task->pid == task->tgid;
	struct task_state *fresh, *state;
	__u32 zero = 0;

	if (is_process ? !task->signal->live.counter : task->flags & PF_EXITING)
		return;
	fresh = bpf_map_lookup_elem(&join_states, &zero);
	if (!fresh)
		return;
	joined.ts_ns = bpf_ktime_get_boot_ns();
	joined.ppid = task->real_parent->tgid;
	joined.pid_for_reader = pid_for_reader(task);
	joined.parent_proc_id = origin ? origin->mark.proc_id : 0;
	joined.proc_id = is_process ? __sync_fetch_and_add(&control->next_proc_id, 1)
				    : joined.parent_proc_id;
	describe_process(task, &joined);
	begin_joined(task, fresh, &joined);
	if (!tell_joined(seq, &joined))
		return;
	if (is_process)
		__sync_fetch_and_add(&control->live_processes, 1);
	state = bpf_task_storage_get(&tasks, task, fresh, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state) {
		lose_task();
		return;
	}
	if (!(task->flags & PF_EXITING))
		__sync_fetch_and_add(&control->live_tasks, 1);
	if (!task->on_cpu)
		begin_off_cpu(state, false, task->__state, bpf_ktime_get_boot_ns());
	count_joining(task, state);
	if (is_process && !task->signal->live.counter) /* it may have ended before it was marked */
		note_exit(task, state);
}

/* The call that a task was in when it was marked returns. */
static __always_inline void end_joining(struct task_struct *task, struct task_state *state,
					struct pt_regs *regs, long ret)
{
	__u32 before = __sync_lock_test_and_set(&state->joining, JOINED);
	__u64 joined_ns = state->event.start_ns;
	bool compat = is_compat(task);
	struct syscall_spec *spec;

	spec = choose_call(state, call_number(regs), compat);
	if (spec) {
		load_args(state->args, regs, compat);
		begin_call(state, spec, task->pid, compat);
		state->event.start_ns = joined_ns;
		state->event.flags |= EVENT_NO_ENTRY;
		if (before == JOINING_COUNTED) /* and begin_call() counted it again */
			discount_attempt(state);
	}
	if (leave_recorded_call(state, ret))
		end_call(state);
}

/* Tell user space of the call that a task is within when the recording has ended. */
static __always_inline void tell_call(struct seq_file *seq, struct task_struct *task,
				      const struct task_state *state)
{
	bool was_there = state->joining == JOINING_COUNTED;
	struct event event;

	if (!was_there && (state->mark.in_call != IN_RECORDED_CALL || state->mark.armed))
		return;
	event = state->event;
	if (was_there) {
		event.proc_id = state->mark.proc_id;
		event.tid = task->pid;
		event.nr = state->slot;
		event.flags = EVENT_NO_ENTRY | (state->slot >= COMPAT_SLOT ? EVENT_COMPAT : 0);
	}
	event.flags |= EVENT_UNFINISHED;
	bpf_seq_write(seq, &event, sizeof(event));
}

#endif
