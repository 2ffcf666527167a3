// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Every call of every task below the target, from entry to exit, and the life of its
 * processes. Programs fire for all tasks of the host, so the first thing each one does is to
 * leave when the task is not traced.
 */
#include <linux/types.h>
#include <stdbool.h>
#include <linux/bpf.h>
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "aklo_trace.h"
#include "maps.bpf.h"
#include "accounts.bpf.h"
#include "verifier.bpf.h"
#include "machine.bpf.h"
#include "cpu.bpf.h"
#include "offcpu.bpf.h"
#include "file.bpf.h"
#include "made.bpf.h"
#include "bash.bpf.h"
#include "stack.bpf.h"
#include "site.bpf.h"
#include "call.bpf.h"
#include "life.bpf.h"
#include "process.bpf.h"
#include "place.bpf.h"
#include "join.bpf.h"
#include "watch.bpf.h"
#include "timer.bpf.h"
#include "functions.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = state_of(task);
	struct syscall_spec *spec;
	bool compat;

	if (!state)
		return 0;
	note_running(task, state);
	compat = is_compat(task);
	spec = choose_call(state, number, compat);
	if (!spec)
		return 0;
	load_args(state->args, regs, compat);
	begin_call(state, spec, task->pid, compat);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = state_of(task);

	if (!state)
		return 0;
	note_running(task, state);
	if (!state->mark.in_call)
		return 0;
	if (leave_recorded_call(state, ret)) {
		end_call(state);
		leave_site(state);
	}
	return 0;
}

/* Loaded to join running tasks. */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_joining_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = state_of(task);

	if (state && state->joining)
		end_joining(task, state, regs, ret);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *from, struct task_struct *to)
{
	struct task_state *state = state_of(from);
	__u64 now_ns;
	__u32 why;

	if (state) {
		note_running(from, state);
		why = from->__state; /* once: who wakes the task changes it */
		now_ns = leave_cpu(state, why & TASK_STOPPED);
		begin_off_cpu(state, preempt, why, now_ns);
	}
	state = state_of(to);
	if (state) {
		enter_cpu(state);
		end_off_cpu(to, state);
	}
	return 0;
}

/* Loaded if it is to be told when tasks had no CPU. */
SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct task_state *state = state_of(task);

	if (state)
		note_waking(state);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	follow_child(parent, child);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct task_state *state = state_of(task);

	if (!state)
		return 0;
	task = AS_READ(task, struct task_struct);
	bprm = AS_READ(bprm, struct linux_binprm);
	begin_image(task->fs, state, run_delay(task), bprm->filename);
	note_image(task, state, bprm);
	return 0;
}

/* Loaded in place of on_exec to watch for programs. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_watched_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct task_state *state = state_of(task);

	if (!state)
		state = begin_root(task, bprm);
	if (!state)
		return 0;
	task = AS_READ(task, struct task_struct);
	bprm = AS_READ(bprm, struct linux_binprm);
	begin_image(task->fs, state, run_delay(task), bprm->filename);
	note_image(task, state, bprm);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_task_exit, struct task_struct *task)
{
	struct task_state *state = state_of(task);

	if (state && end_last_call(state))
		note_exit(task, state);
	return 0;
}

SEC("perf_event")
int on_tick(void *context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = state_of(task);
	struct control *control = the_control();

	if (state && control && !state->mark.armed && !control->stopped) {
		note_running(task, state);
		take_sample(task, state);
	}
	return 0;
}

/* Mark the processes that user space wants, and tell it of what was marked. */
SEC("iter/task")
int join_tasks(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task, *reader = bpf_get_current_task_btf();
	struct control *control = the_control();
	struct task_state *origin;
	__u32 pid;

	if (!task || !control || task->tgid == reader->tgid || state_of(task))
		return 0;
	pid = pid_for_reader(task);
	origin = traced_origin(task);
	if (origin || (task->pid == task->tgid && bpf_map_lookup_elem(&join_pids, &pid)))
		join(context->meta->seq, task, origin, control);
	return 0;
}

/* Probes in bash, for --function-calls. They can be hit while no call is under way. */
SEC("uprobe")
int on_function_begin(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct task_state *state = probed_state(task);

	if (state) {
		begin_function(task, state, return_address(regs));
		count_hit(now_ns);
	}
	return 0;
}

SEC("uprobe")
int on_function_end(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct task_state *state = probed_state(task);

	if (state) {
		end_function(task, state, now_ns);
		count_hit(now_ns);
	}
	return 0;
}

SEC("uprobe")
int on_return(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct task_state *state = probed_state(task);

	if (state) {
		note_return(task, state, first_argument(regs));
		count_hit(now_ns);
	}
	return 0;
}

/* Tell user space which calls are under way. Run when recording has stopped. */
SEC("iter/task")
int tell_calls(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct task_state *state = task ? state_of(task) : NULL;

	if (state)
		tell_call(context->meta->seq, task, state);
	return 0;
}
