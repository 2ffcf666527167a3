/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What runs between calls: a timer looks at the task that it interrupts. It reads the same state as
 * a call does, and changes none of it: it may have interrupted the very program that does.
 */
#ifndef AKLO_TIMER_H
#define AKLO_TIMER_H

static __always_inline void sample_site(const struct shell_state *shell,
					struct sample_record *record)
{
	__s64 depth;

	if (shell->kind != SHELL_BASH || !shell->names)
		return;
	if (!read_whole_stack(shell, FOR_TIMER, &depth, &record->stack)) {
		record->site_flags = EVENT_SITE_UNKNOWN;
		return;
	}
	peek(&record->line, sizeof(record->line), shell->line_number);
	if (is_relative(shell, read_text(shell, depth), depth, record->line))
		record->site_flags = EVENT_LINE_RELATIVE;
}

static __always_inline void take_sample(struct task_struct *task, const struct task_state *state)
{
	struct sample_record record = {.kind = RECORD_SAMPLE};

	record.proc_id = state->mark.proc_id;
	record.tid = task->pid;
	record.ts_ns = bpf_ktime_get_boot_ns();
	if (state->mark.in_call)
		record.flags |= SAMPLE_IN_CALL;
	sample_site(&state->shell, &record);
	emit_record(&record, sizeof(record), RECORD_SAMPLE);
}

#endif
