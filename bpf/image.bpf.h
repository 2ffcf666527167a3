/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A new image, from what user memory says of it. When execve returns, the stack of the new program
 * begins with the number of its arguments, their addresses, a 0, those of its environment, a 0, and
 * the auxiliary vector (System V ABI, "Process Initialization"). The arguments' own texts follow
 * one another without a gap.
 */
#ifndef AKLO_IMAGE_H
#define AKLO_IMAGE_H

#define AT_NULL 0
#define AT_EXECFN 31
#define AUXILIARY_ENTRIES 40
#define MOST_ARGUMENTS (1 << 22)

/* An image that began, until its arguments can be read. */
struct image {
	struct exec_record record;
	char text[2 * PATH_BYTES];
};
_Static_assert(sizeof(struct image) == IMAGE_BYTES, "struct image");
_Static_assert(sizeof(struct image) <= sizeof(struct scratch), "struct image");

/* Words of a program, of 4 or of 8 bytes. False if they cannot be read. */
static __always_inline bool read_word(__u64 *word, __u64 address, bool narrow)
{
	*word = 0;
	return !bpf_probe_read_user(word, narrow ? 4 : 8, (const void *)address);
}

/* Where the arguments begin and end. */
static __always_inline bool find_argv(struct argv_walk *walk, __u64 stack, bool narrow)
{
	__u64 width = narrow ? 4 : 8, count, first, after, kind, next;

	if (!read_word(&count, stack, narrow) || !count || count > MOST_ARGUMENTS ||
	    !read_word(&first, stack + width, narrow))
		return false;
	next = stack + width * (count + 2);
	if (!read_word(&after, next, narrow))
		return false;
	for (int i = 0; i < AUXILIARY_ENTRIES && !after; i++) { /* there is no environment */
		if (!read_word(&kind, next + width * (1 + 2 * i), narrow) || kind == AT_NULL)
			return false;
		if (kind == AT_EXECFN && !read_word(&after, next + width * (2 + 2 * i), narrow))
			return false;
	}
	if (after < first || after - first > (__u64)ARGV_CHUNKS * ARGV_CHUNK_BYTES)
		return false;
	walk->from = first;
	walk->bytes = after - first;
	return true;
}

/* An exec begins: keep the name that it gives the program, its first argument. */
static __always_inline void note_argv0(struct tid_state *state, const struct syscall_spec *spec,
				       bool compat)
{
	__u64 argv, name;
	long bytes;

	__builtin_memset(state->argv0, 0, sizeof(state->argv0));
	state->argv0_bytes = 0;
	argv = arg(&state->task, spec->path[0] + 1);
	if (argv && !read_word(&name, argv, compat))
		return;
	if (!argv || !name) { /* the kernel puts an empty one there */
		state->argv0_bytes = 1;
		return;
	}
	bytes = bpf_probe_read_user_str(state->argv0, sizeof(state->argv0), (const void *)name);
	if (bytes > 0)
		state->argv0_bytes = bytes;
}

/* Whether the kernel put an interpreter before the arguments that exec was given. */
static __always_inline bool is_interpreted(const struct tid_state *state, __u64 argv0)
{
	__u64 words[ARGV0_WORDS] = {};
	long bytes = bpf_probe_read_user_str(words, sizeof(words), (const void *)argv0);

	if (bytes != state->argv0_bytes)
		return true;
	for (int i = 0; i < ARGV0_WORDS; i++)
		if (words[i] != state->argv0[i])
			return true;
	return false;
}

/* The record of an image that begins, kept until its arguments can be read. */
static __always_inline void begin_record(const struct tid_state *state, __u32 tid,
					 const char *filename)
{
	struct exec_record *record = the_scratch();
	struct counters *counters;
	long bytes;

	if (!record)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	record->kind = RECORD_EXEC;
	record->proc_id = state->task.mark.proc_id;
	record->pid = state->tgid;
	record->ts_ns = bpf_ktime_get_boot_ns();
	bytes = bpf_probe_read_kernel_str(record->text, PATH_BYTES, filename);
	record->bytes[0] = bytes < 0 ? 0 : bytes;
	if (!bpf_map_update_elem(&images, &tid, record, BPF_ANY))
		return;
	counters = count_here();
	if (counters)
		__sync_fetch_and_add(&counters->records_lost[RECORD_EXEC], 1);
}

/* The exec returns: tell of the image. */
static __always_inline void end_record(const struct tid_state *state, __u32 tid,
				       const struct saved_registers *regs)
{
	struct exec_record *record = bpf_map_lookup_elem(&images, &tid);
	struct argv_walk walk = {.bytes = 1}; /* at 0, which cannot be read */
	__u64 first;
	long second = 0;

	if (!record)
		return;
	find_argv(&walk, regs->sp, is_32bit(regs));
	walk.proc_id = record->proc_id;
	record->argv_bytes = walk.bytes;
	first = record->bytes[0];
	if (!walk.from || !state->argv0_bytes)
		first = 0; /* it may not be the program itself */
	if (first > PATH_BYTES)
		return;
	if (first && is_interpreted(state, walk.from))
		second = bpf_probe_read_user_str(record->text + first, PATH_BYTES,
						 (const void *)walk.from);
	emit_image(record, first, second, &walk);
	bpf_map_delete_elem(&images, &tid);
}

#endif
