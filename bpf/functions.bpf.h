/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Calls of bash's functions, seen by probes within bash: where it takes the arguments of a function
 * (its stack is complete then), where it drops the variables of one, and where `return` or `exit`
 * looks at its status. bash counts the functions that it is in. The builtins `set` and `source` take
 * arguments as well, and so does its start, when it is in no function.
 */
#ifndef AKLO_FUNCTIONS_H
#define AKLO_FUNCTIONS_H

#define HIGHEST_STATUS 255

struct function_call {
	struct shell_state *shell;
	const struct shell_layout *layout;
	__u32 depth;   /* functions that bash is in */
	__u32 sources;
	__u32 substitutions;
};

static __always_inline void count_stranger_hit(void)
{
	struct counters *counters = count_here();

	if (counters)
		__sync_fetch_and_add(&counters->stranger_hits, 1);
}

static __always_inline void count_hit(__u64 began_ns)
{
	struct counters *counters = count_here();

	if (!counters)
		return;
	__sync_fetch_and_add(&counters->probe_hits, 1);
	__sync_fetch_and_add(&counters->probe_ns, bpf_ktime_get_boot_ns() - began_ns);
}

/* The state of a task whose functions are wanted. */
static __always_inline struct task_state *probed_state(struct task_struct *task)
{
	struct task_state *state = state_of(task);
	struct control *control = the_control();

	if (!state || state->mark.armed || !control || control->stopped) {
		count_stranger_hit();
		return NULL;
	}
	return state;
}

static __always_inline bool read_number(const struct shell_state *shell, __u64 address,
					__u32 *number)
{
	return peek(number, sizeof(*number), shell->base + address);
}

/* What bash says of the functions that it is in. */
static __always_inline bool read_call(struct task_struct *task, struct task_state *state,
				      struct function_call *call)
{
	struct shell_state *shell = &state->shell;

	call->shell = shell;
	call->substitutions = 0;
	if (state->mark.muted)
		return false;
	if (shell->kind == SHELL_UNSEEN)
		find_shell(task, shell);
	if (shell->kind != SHELL_BASH)
		return false;
	call->layout = bpf_map_lookup_elem(&shells, &shell->layout);
	if (!call->layout || !call->layout->function_depth)
		return false;
	if (read_number(shell, call->layout->function_depth, &call->depth) &&
	    read_number(shell, call->layout->source_depth, &call->sources) &&
	    (!call->layout->substitution_depth ||
	     read_number(shell, call->layout->substitution_depth, &call->substitutions)))
		return true;
	lose_record(member_here(), RECORD_FUNCTION);
	return false;
}

/* Whether bash takes arguments for a function, and not for a builtin or for itself. */
static __always_inline bool is_function(const struct function_call *call, __u64 caller)
{
	const struct shell_layout *layout = call->layout;

	caller -= call->shell->base;
	return call->depth && !(caller >= layout->set_builtin && caller < layout->set_builtin_end) &&
	       !(caller >= layout->source_builtin && caller < layout->source_builtin_end);
}

/* The stack with the new function on it. Another program may have taken this one's place. */
static __always_inline void note_function(const struct shell_state *shell,
					  struct function_record *record)
{
	struct stack_scratch *scratch = stack_scratch_for(FOR_PROBES);
	__u32 line = 0;
	__s64 depth;

	if (!scratch || __sync_lock_test_and_set(&scratch->busy, 1))
		return;
	if (read_whole_stack(shell, FOR_PROBES, &depth, &record->stack) && depth > 0) {
		peek(&line, sizeof(line), shell->line_number);
		if (is_relative(shell, read_text(shell, depth - 1), depth - 1, line))
			record->flags |= FUNCTION_LINE_RELATIVE;
	}
	__sync_lock_test_and_set(&scratch->busy, 0);
}

static __always_inline void begin_function(struct task_struct *task, struct task_state *state,
					   __u64 caller)
{
	struct function_record record = {.kind = RECORD_FUNCTION};
	struct function_call call;

	if (!read_call(task, state, &call) || !is_function(&call, caller))
		return;
	record.proc_id = state->mark.proc_id;
	record.tid = task->pid;
	record.depth = call.depth;
	if (call.shell->names || find_arrays(call.shell))
		note_function(call.shell, &record);
	record.ts_ns = bpf_ktime_get_boot_ns();
	emit_record(&record, sizeof(record), RECORD_FUNCTION);
}

static __always_inline bool is_of(const struct return_note *note, const struct function_call *call)
{
	return note->depth == call->depth + 1 && note->sources == call->sources &&
	       note->substitutions == call->substitutions;
}

/* The status of the function that is left: of its `return`, or of its last command. */
static __always_inline void note_status(struct function_call *call, struct function_record *record)
{
	struct function_state *functions = &call->shell->functions;
	__u64 address = call->layout->last_status;
	__u32 status;

	if (is_of(&functions->covered, call)) { /* a trap's functions have returned since */
		functions->covered.depth = 0;
		return;
	}
	if (is_of(&functions->returned, call)) {
		functions->returned.depth = 0;
		if (functions->returned.doubtful)
			return;
		address = call->layout->return_status;
	}
	if (!peek(&status, sizeof(status), call->shell->base + address) || status > HIGHEST_STATUS)
		return;
	record->status = status;
	record->flags |= FUNCTION_HAS_STATUS;
}

/* bash has taken one off its count already. */
static __always_inline void end_function(struct task_struct *task, struct task_state *state,
					 __u64 now_ns)
{
	struct function_record record = {
		.kind = RECORD_FUNCTION,
		.flags = FUNCTION_ENDS,
		.ts_ns = now_ns,
	};
	struct function_call call;

	if (!read_call(task, state, &call))
		return;
	record.proc_id = state->mark.proc_id;
	record.tid = task->pid;
	record.depth = call.depth + 1;
	note_status(&call, &record);
	emit_record(&record, sizeof(record), RECORD_FUNCTION);
}

/* `list` are the words behind `return`: more than one of them and it may fail. */
static __always_inline void note_return(struct task_struct *task, struct task_state *state,
					__u64 list)
{
	struct function_state *functions = &state->shell.functions;
	struct function_call call;
	__u64 next = 0;

	if (!read_call(task, state, &call))
		return;
	if (functions->returned.depth && functions->returned.depth < call.depth)
		functions->covered = functions->returned;
	if (list)
		peek(&next, sizeof(next), list);
	functions->returned.depth = call.depth;
	functions->returned.sources = call.sources;
	functions->returned.substitutions = call.substitutions;
	functions->returned.doubtful = next;
}

#endif
