/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The rings, and the accounts that every program keeps of them. */
#ifndef AKLO_ACCOUNTS_H
#define AKLO_ACCOUNTS_H

static __always_inline struct counters *count_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpu_counters, &cpu);
}

static __always_inline struct control *the_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&controls, &zero);
}

static __always_inline void *the_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline void lose_record(const struct task_state *member,
					enum record_kind kind)
{
	struct counters *counters = count_here();

	if (counters)
		__sync_fetch_and_add(&counters->records_lost[kind & (RECORD_SLOTS - 1)], 1);
	lose_detail_in_tree(member);
}

/* Hand a record of a task to the reader, or count it as lost. */
static __always_inline bool emit_record_of(const struct task_state *member, void *record,
					   __u64 bytes, enum record_kind kind)
{
	__u64 fill = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA);

	mark_tree(record, kind, member);
	if (!bpf_ringbuf_output(&records, record, bytes,
				fill < config.wakeup_record_bytes ? BPF_RB_NO_WAKEUP
								  : BPF_RB_FORCE_WAKEUP))
		return true;
	lose_record(member, kind);
	return false;
}

/* The same of the current task. */
static __always_inline bool emit_record(void *record, __u64 bytes, enum record_kind kind)
{
	return emit_record_of(member_here(), record, bytes, kind);
}

static __always_inline void ring_bell(void)
{
	void *nothing = bpf_ringbuf_reserve(&bell, sizeof(__u64), 0);

	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

#ifdef AKLO_BCC
/*
 * The reader follows a process from directory to directory: it must be told when a change of it is
 * lost. True if there is nothing left to tell.
 */
static __always_inline bool tell_lost_move(struct task_state *state)
{
	struct lost_move_record record = {.kind = RECORD_LOST_MOVE};

	record.proc_id = state->mark.proc_id;
	record.ts_ns = state->event.start_ns - 1; /* before the call that comes now */
	state->lost_move = !emit_record(&record, sizeof(record), RECORD_LOST_MOVE);
	return !state->lost_move;
}

static __always_inline void note_lost_move(struct task_state *state)
{
	struct syscall_spec *spec = bpf_map_lookup_elem(&specs, &state->slot);

	if (spec && spec->flags & SPEC_CHANGES_CWD && !state->event.ret)
		tell_lost_move(state);
}
#else /* each call says where its path starts */
static __always_inline bool tell_lost_move(struct task_state *state)
{
	return true;
}

static __always_inline void note_lost_move(struct task_state *state) {}
#endif

/* Hand the call under way to the reader, or count it as lost. */
static __always_inline void emit_event(struct task_state *state)
{
	__u32 cpu = bpf_get_smp_processor_id(), slot;
	struct ring_position *position = bpf_map_lookup_elem(&positions, &cpu);
	struct counters *counters;
	struct event *event;
	__u64 fill;

	if (!position)
		return;
	fill = position->head - position->tail;
	slot = cpu * config.ring_events + position->slot;
	event = bpf_map_lookup_elem(&events, &slot);
	if (!event || fill >= config.ring_events || (state->lost_move && !tell_lost_move(state))) {
		counters = count_here();
		if (counters)
			counters->lost[state->slot & (SYSCALL_SLOTS - 1)]++;
		lose_call_in_tree(state);
		note_lost_move(state);
		return;
	}
	*event = state->event;
	position->slot = position->slot + 1 < config.ring_events ? position->slot + 1 : 0;
	/* The value is used, or this would be an instruction that does not order what was written. */
	if (__sync_fetch_and_add(&position->head, 1) - position->tail + 1 == config.wakeup_events)
		ring_bell();
}

#endif
