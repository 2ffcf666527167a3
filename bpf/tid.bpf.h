/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tasks and processes found by number, where the kernel's own structs cannot be reached. Numbers
 * are those of the initial pid namespace. A number is reused only after its task's exit, which
 * takes it out of the map.
 */
#ifndef AKLO_TID_H
#define AKLO_TID_H

#define ARGV0_WORDS 8 /* of a program's name that are compared */

/* The state of a task. What others know begins it. */
struct tid_state {
	struct task_state task;
	__u32 tgid;
	__u32 argv0_bytes; /* with the NUL; 0: could not be read */
	__u64 argv0[ARGV0_WORDS]; /* under which the exec under way names the program */
};
_Static_assert(sizeof(struct tid_state) == TID_STATE_BYTES, "struct tid_state");

_Static_assert(sizeof(struct scratch) == BCC_SCRATCH_BYTES, "struct scratch");

/* What the threads of a process share. */
struct process {
	__u64 threads;
	__u32 exit_code;	/* of the whole group, as wait(2) gives it */
	__u32 leader_exit_code; /* where nothing ended the group */
	__u32 signal;		/* the last one that was sent and ends a process */
	__u32 zero;
};
_Static_assert(sizeof(struct process) == PROCESS_BYTES, "struct process");

static __always_inline __u32 current_tid(void)
{
	return bpf_get_current_pid_tgid();
}

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline struct tid_state *state_of_tid(__u32 tid)
{
	return bpf_map_lookup_elem(&tasks, &tid);
}

static __always_inline struct process *process_of(__u32 tgid)
{
	return bpf_map_lookup_elem(&processes, &tgid);
}

/* Make room for a task. NULL, and counted, when there is none. */
static __always_inline struct tid_state *add_task(__u32 tid, __u32 tgid)
{
	struct process fresh = {
		.threads = 1,
		.exit_code = UNKNOWN_EXIT_CODE,
		.leader_exit_code = UNKNOWN_EXIT_CODE,
	};
	struct process *process;
	struct tid_state state = {};

	state.tgid = tgid;
	if (bpf_map_update_elem(&tasks, &tid, &state, BPF_ANY)) {
		lose_task();
		return NULL;
	}
	if (tid == tgid) {
		if (!bpf_map_update_elem(&processes, &tgid, &fresh, BPF_ANY))
			return state_of_tid(tid);
	} else {
		process = process_of(tgid);
		if (process) {
			__sync_fetch_and_add(&process->threads, 1);
			return state_of_tid(tid);
		}
	}
	bpf_map_delete_elem(&tasks, &tid);
	lose_task();
	return NULL;
}

/* Whether the current task is the one that waits to become the target. */
static __always_inline bool is_summoned(void)
{
	struct bpf_pidns_info info = {};

	return summons.pid &&
	       !bpf_get_ns_current_pid_tgid(summons.dev, summons.inode, &info, sizeof(info)) &&
	       info.pid == summons.pid;
}

/* The state of the current task, if it is traced. */
static __always_inline struct tid_state *current_state(void)
{
	__u32 tid = current_tid();
	struct tid_state *state = state_of_tid(tid);

	if (state || !is_summoned())
		return state;
	summons.pid = 0;
	state = add_task(tid, current_tgid());
	if (state) {
		state->task.mark.proc_id = summons.proc_id;
		state->task.mark.armed = true;
	}
	return state;
}

/* A new task of the tree, made by the current one. */
static __always_inline void follow_tid(__u32 tid, bool is_thread)
{
	__u32 own_tgid = current_tgid(), tgid = is_thread ? own_tgid : tid;
	struct tid_state *from = state_of_tid(current_tid()), *to;
	struct control *control = the_control();

	if (!from || from->task.mark.armed || !control)
		return;
	to = add_task(tid, tgid);
	if (to)
		begin_task(&to->task, &from->task, control, tgid, own_tgid);
}

/* An exec makes the thread that calls it the leader of its process. */
static __always_inline struct tid_state *renumbered(__u32 tid, __u32 old_tid)
{
	struct tid_state *state = state_of_tid(old_tid);

	if (!state || tid == old_tid)
		return state;
	if (bpf_map_update_elem(&tasks, &tid, state, BPF_ANY))
		lose_task();
	bpf_map_delete_elem(&tasks, &old_tid);
	return state_of_tid(tid);
}

/* Whether the thread that ends is the last of its process. */
static __always_inline bool leave_process(struct process *process)
{
	return !process || __sync_fetch_and_add(&process->threads, -1) == 1;
}

static __always_inline void remove_task(__u32 tid, __u32 tgid, bool last)
{
	bpf_map_delete_elem(&tasks, &tid);
	if (last)
		bpf_map_delete_elem(&processes, &tgid);
}

#endif
