/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The life of processes: fork, exec, exit, read from the kernel's own structs. */
#ifndef AKLO_PROCESS_H
#define AKLO_PROCESS_H

#define SIGNAL_GROUP_EXIT 0x00000004 /* include/linux/sched/signal.h */

/* The kernel counts it if it was built to. */
static __always_inline __u64 run_delay(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->sched_info.run_delay))
		return 0;
	return task->sched_info.run_delay;
}

/* A new task belongs to the tree of the one that forked it. */
static __always_inline void enter_root(struct task_state *to, const struct task_state *from)
{
	struct root *root = bpf_map_lookup_elem(&trees, &from->root_slot);

	to->root = from->root;
	to->root_slot = from->root_slot;
	if (root)
		__sync_fetch_and_add(&root->live, 1);
}

/*
 * The end of a task of a tree. The slot is user space's once no task lives: what this one is still
 * found at, until it has left its CPU for good, belongs to no tree.
 */
static __always_inline void leave_root(struct task_state *state)
{
	struct root *root = bpf_map_lookup_elem(&trees, &state->root_slot);

	state->root_slot = 0;
	state->ended_proc_id = state->mark.proc_id; /* it has yet to wake its parent */
	state->mark.proc_id = 0;
	if (!root)
		return;
	__sync_fetch_and_add(&root->attempts, state->attempts);
	/* The value is used, so that this is ordered behind what was written; it is never 0. */
	if (!__sync_fetch_and_sub(&root->live, 1))
		lose_task();
}

/* A new task of the tree is traced before it has run its first instruction. */
static __always_inline void follow_child(struct task_struct *parent, struct task_struct *child)
{
	struct task_state *from = state_of(parent), *to;
	struct control *control = the_control();

	if (!from || from->mark.armed || !control)
		return;
	to = bpf_task_storage_get(&tasks, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!to) {
		lose_task();
		return;
	}
	if (from->root)
		enter_root(to, from);
	begin_task(to, from, control, child->tgid, parent->tgid);
	begin_unborn(to);
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
	identify_directory(task->fs->pwd.dentry, &record->directory);
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
	emit_image(record, first, second, &walk);
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
	struct exit_record record = {
		.tid = task->pid,
		.last = is_last(task),
		.max_rss_pages = signal->maxrss,
		.run_delay_ns = run_delay(task) - state->run_delay_before_ns,
		.exit_code = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code
							       : task->group_leader->exit_code,
	};

	end_task(state, &record);
	if (state->root)
		leave_root(state);
}

#endif
