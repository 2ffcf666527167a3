/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What each tracepoint means. AT_event_field is where tracefs says that a field lies. */
#ifndef AKLO_TRACEPOINTS_H
#define AKLO_TRACEPOINTS_H

#define FIELD(type, context, name) (*(type *)((char *)(context) + AT_##name))
#define DATA_OFFSET 0xffff /* of a __data_loc; the rest is the length */
#define CLONE_THREAD 0x00010000
#define SENT 0 /* include/trace/events/signal.h: TRACE_SIGNAL_DELIVERED */

static __always_inline int enter(struct bpf_raw_tracepoint_args *context)
{
	struct tid_state *state = current_state();
	struct saved_registers regs;
	struct syscall_spec *spec;
	bool compat;

	if (!state)
		return 0;
	if (bpf_probe_read_kernel(&regs, sizeof(regs), (void *)context->args[0]))
		return 0;
	compat = is_compat_call(&regs);
	spec = choose_call(&state->task, context->args[1], compat);
	if (!spec)
		return 0;
	load_args(state->task.args, &regs, compat);
	if (spec->flags & SPEC_EXEC)
		note_argv0(state, spec, compat);
	if (spec->flags & (SPEC_EXIT | SPEC_EXIT_GROUP))
		note_exit_call(state, current_tid(), spec->flags);
	begin_call(&state->task, spec, current_tid(), compat);
	return 0;
}

static __always_inline int leave(struct bpf_raw_tracepoint_args *context)
{
	__u32 tid = current_tid();
	struct tid_state *state = state_of_tid(tid);
	struct saved_registers regs;
	struct syscall_spec *spec;

	if (!state || !state->task.mark.in_call)
		return 0;
	if (!leave_recorded_call(&state->task, context->args[1]))
		return 0;
	spec = spec_of(&state->task);
	if (spec && spec->flags & SPEC_EXEC && !context->args[1] &&
	    !bpf_probe_read_kernel(&regs, sizeof(regs), (void *)context->args[0]))
		end_record(state, tid, &regs);
	end_call(&state->task);
	return 0;
}

static __always_inline int switch_tasks(void *context)
{
	struct tid_state *state = state_of_tid(current_tid());

	if (state)
		leave_cpu(&state->task, FIELD(__u64, context, sched_switch_prev_state) & TASK_STOPPED);
	state = state_of_tid(FIELD(__u32, context, sched_switch_next_pid));
	if (state)
		enter_cpu(&state->task);
	return 0;
}

static __always_inline int fork_task(void *context)
{
	follow_tid(FIELD(__u32, context, task_newtask_pid),
		   FIELD(__u64, context, task_newtask_clone_flags) & CLONE_THREAD);
	return 0;
}

static __always_inline int execute(void *context)
{
	__u32 tid = FIELD(__u32, context, sched_process_exec_pid);
	struct tid_state *state = renumbered(tid, FIELD(__u32, context, sched_process_exec_old_pid));
	const char *filename;

	if (!state)
		return 0;
	filename = (char *)context +
		   (FIELD(__u32, context, sched_process_exec_filename) & DATA_OFFSET);
	begin_image(NULL, &state->task, 0, filename);
	forget_ending(state);
	begin_record(state, tid, filename);
	return 0;
}

static __always_inline int send_signal(void *context)
{
	if (FIELD(__u32, context, signal_generate_result) == SENT)
		note_signal_sent(FIELD(__u32, context, signal_generate_pid),
				 FIELD(__u32, context, signal_generate_sig));
	return 0;
}

static __always_inline int take_signal(void *context)
{
	struct tid_state *state = state_of_tid(current_tid());

	if (state && !FIELD(__u64, context, signal_deliver_sa_handler))
		note_signal_taken(state, FIELD(__u32, context, signal_deliver_sig));
	return 0;
}

static __always_inline int exit_task(void *context)
{
	struct tid_state *state = current_state();
	__u32 tid = current_tid(), tgid = current_tgid();
	struct process *process;
	bool last;

	if (!state)
		return 0;
	process = process_of(tgid);
	last = leave_process(process);
	if (end_last_call(&state->task))
		note_tid_exit(state, process, tid, last);
	remove_task(tid, tgid, last);
	return 0;
}

#endif
