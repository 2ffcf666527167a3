/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* One call, from entry to exit. */
#ifndef AKLO_CALL_H
#define AKLO_CALL_H

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

static __always_inline void count_attempt(struct task_state *state)
{
	struct counters *counters = count_here();

	attempt_in_tree(state);
	if (counters)
		counters->attempts[state->slot & (SYSCALL_SLOTS - 1)]++;
}

/* Take back what was counted, perhaps on another CPU: only sums are looked at. */
static __always_inline void discount_attempt(const struct task_state *state)
{
	struct counters *counters = count_here();

	if (counters)
		counters->attempts[state->slot & (SYSCALL_SLOTS - 1)]--;
}

/* Where a call stands in the tables of calls. */
static __always_inline __u32 slot_of(long number, bool compat)
{
	__u32 slot = (unsigned long)number < UNKNOWN_SLOT ? number : UNKNOWN_SLOT;

	return compat ? slot + COMPAT_SLOT : slot;
}

static __always_inline struct syscall_spec *spec_of(const struct task_state *state)
{
	return bpf_map_lookup_elem(&specs, &state->slot);
}

/* Choose the slot of a call that begins. Returns its spec if it is to be recorded. */
static __always_inline struct syscall_spec *choose_call(struct task_state *state, long number,
							bool compat)
{
	struct syscall_spec *spec;

	if (state->joining && __sync_lock_test_and_set(&state->joining, JOINED) == JOINING_COUNTED)
		discount_attempt(state); /* there was none, as this one begins */
	state->slot = slot_of(number, compat);
	spec = spec_of(state);
	if (!spec)
		return NULL;
	if (is_wanted(state, spec))
		return spec;
	enter_call(state, bpf_ktime_get_boot_ns(), IN_CALL); /* its CPU time counts all the same */
	return NULL;
}

/* A call that is recorded begins; its arguments are in `state`. */
static __always_inline void begin_call(struct task_state *state, const struct syscall_spec *spec,
				       __u32 tid, bool compat)
{
	struct holdings held = holdings_here();
	struct event *event = &state->event;

	__builtin_memset(event, 0, sizeof(*event));
	event->proc_id = state->mark.proc_id;
	event->tid = tid;
	event->nr = state->slot;
	event->flags = compat ? EVENT_COMPAT : 0;
	if (!state->mark.armed) {
		note_site(state); /* first: it goes by the time since the last call */
		count_attempt(state);
	}
	if (spec->fd != NO_ARGUMENT)
		note_fd(held.files, event, arg(state, spec->fd), spec->flags & SPEC_FILE_POSITION);
	if (spec->offset != NO_ARGUMENT && !compat) {
		event->offset = arg(state, spec->offset);
		event->flags |= EVENT_HAS_OFFSET;
	}
	if (spec->path[0] != NO_ARGUMENT || spec->fd2 != NO_ARGUMENT)
		note_paths(state, spec, false);
	state->at_exit = spec->flags & SPEC_AT_EXIT;
	if (spec->address != NO_ARGUMENT && !arg(state, spec->address)) /* a plain send(2) */
		state->at_exit = 0;
	event->start_ns = bpf_ktime_get_boot_ns();
	enter_call(state, event->start_ns, IN_RECORDED_CALL);
}

/* The call returns. False if nothing of it is recorded. */
static __always_inline bool leave_recorded_call(struct task_state *state, long ret)
{
	__u64 now_ns = bpf_ktime_get_boot_ns();

	if (!leave_call(state, now_ns) || state->mark.armed) /* armed: an exec that failed */
		return false;
	state->event.dur_ns = now_ns - state->event.start_ns;
	state->event.ret = ret;
	return true;
}

/* Read what can be read only when a call has returned, and hand the call over. */
static __always_inline void end_call(struct task_state *state)
{
	struct holdings held = holdings_here();
	struct syscall_spec *spec;

	if (state->mark.path_pending || state->at_exit) {
		spec = spec_of(state);
		if (spec && state->mark.path_pending)
			note_paths(state, spec, true);
		if (spec && state->at_exit)
			note_result(&held, state, spec, state->event.ret);
	}
	emit_event(state);
}

#endif
