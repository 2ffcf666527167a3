/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where a bash keeps what it is executing, in its own memory: the arrays FUNCNAME, BASH_SOURCE and
 * BASH_LINENO, and `line_number`. Where the symbols lie is found by user space in the binary
 * (struct shell_layout); the arrays are found here, by bash's own table of variables.
 */
#ifndef AKLO_BASH_H
#define AKLO_BASH_H

#define FNV_OFFSET 2166136261u /* bash's hashlib.c: FNV-1 of 32 bits */
#define FNV_PRIME 16777619u
#define VARIABLE_NAME_BYTES 16
#define BUCKET_ENTRIES 64    /* that are looked at for a variable */
#define SUBSHELL_COMSUB 0x04 /* bash's command.h */

struct bash_variable {
	__u64 name;
	__u64 value;
	__u64 exported;
	__u64 dynamic; /* what computes the value; 0 in a variable that a script made */
};

struct bash_bucket {
	__u64 next;
	__u64 key;
	__u64 data;
};

struct bash_table {
	__u64 buckets;
	__u32 bucket_count;
	__u32 entry_count;
};

struct bash_element {
	__u64 index;
	__u64 value;
	__u64 next;
};

/* Filled by user space, which counts them in struct control. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SHELLS);
	__type(key, __u32);
	__type(value, struct shell_layout);
} shells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} strangers SEC(".maps");

static __always_inline bool peek(void *into, __u32 bytes, __u64 address)
{
	return !bpf_probe_read_user(into, bytes, (const void *)address);
}

struct shell_search {
	struct identity binary;
	__u32 count;
	__s32 found;
};

static long match_shell(__u32 index, void *context)
{
	struct shell_search *search = context;
	struct shell_layout *layout = bpf_map_lookup_elem(&shells, &index);

	if (!layout || index >= search->count)
		return 1;
	if (layout->inode != search->binary.inode || layout->dev != search->binary.dev)
		return 0;
	search->found = index;
	return 1;
}

/* Look the binary that a task runs up among those that are known by now. */
static __always_inline void find_shell(struct task_struct *task, struct shell_state *shell)
{
	struct control *control = the_control();
	struct shell_search search = {.binary = shell->binary, .found = -1};
	struct shell_layout *layout;
	__u64 base;

	if (!control || control->shells == shell->shells_seen || !task->mm)
		return;
	search.count = shell->shells_seen = control->shells;
	bpf_loop(SHELLS, match_shell, &search, 0);
	layout = bpf_map_lookup_elem(&shells, &search.found);
	if (!layout)
		return;
	base = task->mm->start_code - layout->code;
	shell->kind = layout->is_bash ? SHELL_BASH : SHELL_NONE;
	shell->layout = search.found;
	shell->base = base;
	shell->count_offset = layout->count_offset;
	shell->head_is_last = layout->head_is_last;
	shell->line_number = base + layout->line_number;
	shell->running_trap = base + layout->running_trap;
	shell->eval_depth = base + layout->eval_depth;
	shell->environment = base + layout->environment;
	shell->variables = base + layout->variables;
}

struct variable_search {
	__u64 name[VARIABLE_NAME_BYTES / sizeof(__u64)];
	__u64 bucket;
	__u64 variable;
};

static long match_variable(__u32 index, void *context)
{
	struct variable_search *search = context;
	__u64 name[VARIABLE_NAME_BYTES / sizeof(__u64)] = {};
	struct bash_bucket bucket;

	if (!search->bucket || !peek(&bucket, sizeof(bucket), search->bucket))
		return 1;
	search->bucket = bucket.next;
	if (bpf_probe_read_user_str(name, sizeof(name), (const void *)bucket.key) < 0)
		return 1;
	if (name[0] != search->name[0] || name[1] != search->name[1])
		return 0;
	search->variable = bucket.data;
	return 1;
}

/* The array of one of bash's own global variables; 0 while bash has not made it. */
static __always_inline __u64 find_array(const struct shell_state *shell, const char *name,
					__u32 length, struct bash_variable *found, __u64 *where)
{
	struct variable_search search = {};
	struct bash_table table;
	__u64 context, address;
	__u32 hash = FNV_OFFSET;

	for (__u32 i = 0; i < length; i++) {
		hash = (hash * FNV_PRIME) ^ name[i];
		((char *)search.name)[i] = name[i];
	}
	if (!peek(&context, sizeof(context), shell->variables) || !context)
		return 0;
	if (!peek(&address, sizeof(address), context + BASH_CONTEXT_TABLE) || !address)
		return 0;
	if (!peek(&table, sizeof(table), address) || !table.bucket_count)
		return 0;
	address = table.buckets + sizeof(__u64) * (hash & (table.bucket_count - 1));
	if (!peek(&search.bucket, sizeof(search.bucket), address))
		return 0;
	bpf_loop(BUCKET_ENTRIES, match_variable, &search, 0);
	if (!search.variable || !peek(found, sizeof(*found), search.variable) || !found->dynamic)
		return 0;
	*where = search.variable;
	return found->value;
}

/* The element that an array's list begins behind, and the number of elements. */
static __always_inline __u64 head_of(const struct shell_state *shell, __u64 array, __u32 *count)
{
	__u64 words[3];

	if (!peek(words, sizeof(words), array + shell->count_offset))
		return 0;
	*count = words[0]; /* an int in some versions, a long in others */
	return shell->head_is_last ? words[2] : words[1];
}

/* Find bash's three arrays, which are there once it has started up. */
static __always_inline bool find_arrays(struct shell_state *shell)
{
	struct bash_variable found;
	__u64 where;
	__u32 count;

	shell->arrays[1] = find_array(shell, "BASH_SOURCE", 11, &found, &where);
	shell->arrays[2] = find_array(shell, "BASH_LINENO", 11, &found, &where);
	if (!shell->arrays[1] || !shell->arrays[2])
		return false;
	shell->arrays[0] = find_array(shell, "FUNCNAME", 8, &found, &where);
	if (!shell->arrays[0])
		return false;
	for (int i = 0; i < STACK_ARRAYS; i++) {
		shell->heads[i] = head_of(shell, shell->arrays[i], &count);
		if (!shell->heads[i])
			return false;
	}
	shell->names = where;
	shell->names_name = found.name;
	return true;
}

/* How many frames the stack has; -1 when FUNCNAME is not what it was: a script can unset it. */
static __always_inline __s64 stack_depth(const struct shell_state *shell)
{
	struct bash_variable names;
	__u32 count;

	if (!peek(&names, sizeof(names), shell->names) || names.name != shell->names_name ||
	    names.value != shell->arrays[0] || !names.dynamic)
		return -1;
	if (head_of(shell, names.value, &count) != shell->heads[0])
		return -1;
	return count;
}

/* Read what bash says of the text that it is executing; of a substitution only where it matters. */
static __always_inline struct shell_text read_text(const struct shell_state *shell, __u32 depth)
{
	__s32 environment = 0, eval_depth = 0, running_trap = 0;
	struct shell_text text = {};

	peek(&running_trap, sizeof(running_trap), shell->running_trap);
	peek(&eval_depth, sizeof(eval_depth), shell->eval_depth);
	if (depth == shell->forked_depth)
		peek(&environment, sizeof(environment), shell->environment);
	text.is_trap = running_trap > 0;
	text.is_string = text.is_trap || eval_depth > 0;
	text.is_substitution = !!(environment & SUBSHELL_COMSUB);
	return text;
}

/* Whether the line counts from the beginning of a string, or runs past the command. */
static __always_inline bool is_relative(const struct shell_state *shell, struct shell_text text,
					__u32 depth, __u32 line)
{
	if (text.is_string)
		return true;
	if (depth != shell->forked_depth)
		return false;
	return shell->forked_relative || (text.is_substitution && line != shell->forked_line);
}

#endif
