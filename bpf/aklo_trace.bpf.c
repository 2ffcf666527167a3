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
#include "machine.bpf.h"
#include "cpu.bpf.h"
#include "file.bpf.h"
#include "shell.bpf.h"
#include "process.bpf.h"
#include "timer.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Whether the reader still wants calls. A target that is armed has not begun. */
static __always_inline bool is_wanted(const struct task_state *state,
				      const struct syscall_spec *spec)
{
	struct control *control = the_control();

	if (!control || control->stopped)
		return false;
	if (state->mark.armed)
		return spec->flags & SPEC_EXEC;
	if (spec->flags & SPEC_ALWAYS)
		return true;
	return !state->mark.muted && spec->flags & SPEC_RECORD;
}

static __always_inline void count_attempt(const struct task_state *state)
{
	struct counters *counters = count_here();

	if (counters)
		counters->attempts[state->slot & (SYSCALL_SLOTS - 1)]++;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = state_of(task);
	struct syscall_spec *spec;
	struct files_struct *files;
	struct event *event;
	bool compat;

	if (!state)
		return 0;
	compat = is_compat(task);
	state->slot = (unsigned long)number < UNKNOWN_SLOT ? number : UNKNOWN_SLOT;
	if (compat)
		state->slot += COMPAT_SLOT;
	spec = bpf_map_lookup_elem(&specs, &state->slot);
	if (!spec)
		return 0;
	state->recorded = is_wanted(state, spec);
	if (!state->recorded) { /* its CPU time counts all the same */
		enter_call(state, bpf_ktime_get_boot_ns());
		return 0;
	}
	files = task->files;
	event = &state->event;
	__builtin_memset(event, 0, sizeof(*event));
	event->proc_id = state->mark.proc_id;
	event->tid = task->pid;
	event->nr = state->slot;
	event->flags = compat ? EVENT_COMPAT : 0;
	load_args(state->args, regs, compat);
	if (spec->fd != NO_ARGUMENT)
		note_fd(files, event, arg(state, spec->fd), spec->flags & SPEC_FILE_POSITION);
	if (spec->offset != NO_ARGUMENT && !compat) {
		event->offset = arg(state, spec->offset);
		event->flags |= EVENT_HAS_OFFSET;
	}
	if (spec->path[0] != NO_ARGUMENT || spec->fd2 != NO_ARGUMENT)
		note_paths(files, state, spec, false);
	if (!state->mark.armed) {
		note_site(task, state);
		count_attempt(state);
	}
	state->returns_fd = spec->flags & SPEC_RETURNS_FD;
	event->start_ns = bpf_ktime_get_boot_ns();
	enter_call(state, event->start_ns);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = state_of(task);
	struct syscall_spec *spec;
	struct files_struct *files;
	__u64 now_ns;

	if (!state || !state->mark.in_call)
		return 0;
	now_ns = bpf_ktime_get_boot_ns();
	leave_call(state, now_ns);
	state->shell.left_ns = now_ns;
	if (!state->recorded || state->mark.armed) /* armed: an exec that failed */
		return 0;
	state->event.dur_ns = now_ns - state->event.start_ns;
	state->event.ret = ret;
	files = task->files;
	if (state->mark.path_pending) {
		spec = bpf_map_lookup_elem(&specs, &state->slot);
		if (spec)
			note_paths(files, state, spec, true);
	}
	if (state->returns_fd && ret >= 0 && !(state->event.flags & EVENT_HAS_FD))
		note_fd(files, &state->event, ret, false);
	emit_event(state);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *from, struct task_struct *to)
{
	struct task_state *state = state_of(from);

	if (state)
		leave_cpu(from, state);
	state = state_of(to);
	if (state)
		enter_cpu(state);
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
	if (state->mark.armed) {
		state->mark.armed = false;
		begin_cpu(task, state);
		count_attempt(state);
	}
	if (state->mark.path_pending)
		note_exec_path(state, bprm->filename);
	state->mark.muted = is_muted(task);
	note_image(task, state, bprm);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_task_exit, struct task_struct *task)
{
	struct task_state *state = state_of(task);

	if (!state)
		return 0;
	if (state->mark.armed) { /* a target that could not be executed */
		end_process();
		return 0;
	}
	if (state->mark.in_call) { /* exit, exit_group, or killed within a call */
		leave_call(state, bpf_ktime_get_boot_ns());
		if (state->recorded) {
			state->event.flags |= EVENT_UNFINISHED;
			emit_event(state);
		}
	}
	note_exit(task, state);
	return 0;
}

SEC("perf_event")
int on_tick(void *context)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = state_of(task);
	struct control *control = the_control();

	if (state && control && !state->mark.armed && !control->stopped)
		take_sample(task, state);
	return 0;
}
