/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What a bash is executing, read from its own variables in its own memory: the function stack
 * from the arrays FUNCNAME, BASH_SOURCE and BASH_LINENO, the line from `line_number`. Where these
 * lie is found by user space in the binary's dynamic symbols (struct shell_layout). Nothing is
 * kept by address alone: bash gives the memory of one function's name to the next.
 */
#ifndef AKLO_SHELL_H
#define AKLO_SHELL_H

#define FNV_OFFSET 2166136261u /* bash's hashlib.c: FNV-1 of 32 bits */
#define FNV_PRIME 16777619u
#define VARIABLE_NAME_BYTES 16
#define BUCKET_ENTRIES 64    /* that are looked at for a variable */
#define SUBSHELL_COMSUB 0x04 /* bash's command.h */
#define CALL_NS 1000	     /* less than bash needs to leave one function and enter another */
#define SHORT_TEXT_BYTES 128
#define HASH_FACTOR 0x9e3779b97f4a7c15ULL

enum { FOR_CALLS, FOR_TIMER, FOR_PROBES, PURPOSES };

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

/*
 * An element and what lies behind it: bash allocates a new element's text right after it, so one
 * read mostly gets both.
 */
struct element_read {
	struct bash_element element;
	__u64 rest[3];
	__u64 text[SHORT_TEXT_BYTES / sizeof(__u64)];
};

/* Where the three arrays are read next, and what came of it. */
struct stack_walk {
	__u64 next[STACK_ARRAYS];
	__u64 *hashes; /* one per frame, by its place from the outermost */
	__u32 depth;
	__u32 count;
	__u32 purpose;
	__u32 used; /* bytes of the text */
	__u32 failed;
};

/* Room to put a stack together: the timer can interrupt a call that does so. */
struct stack_scratch {
	struct stack_record record;
	char text[STACK_TEXT_BYTES + PATH_BYTES + STACK_BLOCK_BYTES];
	__u64 hashes[STACK_FRAMES];
	__u32 busy; /* of probes, whose programs can be preempted */
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PURPOSES);
	__type(key, __u32);
	__type(value, struct stack_scratch);
} stack_scratches SEC(".maps");

/* Stacks that the reader was told of, by the hash of their whole text. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u32);
} stacks SEC(".maps");

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

static __always_inline struct stack_scratch *stack_scratch_for(__u32 purpose)
{
	return bpf_map_lookup_elem(&stack_scratches, &purpose);
}

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * HASH_FACTOR;
	return hash ^ hash >> 32;
}

/* Hash words up to the first NUL byte. False if there is none. */
static __always_inline bool hash_short(__u64 *hash, const __u64 *words)
{
	__u64 ends, word;

	for (int i = 0; i < SHORT_TEXT_BYTES / 8; i++) {
		word = words[i];
		ends = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
		if (ends) {
			*hash = mix(*hash, word & (((ends & -ends) >> 7) - 1));
			return true;
		}
		*hash = mix(*hash, word);
	}
	return false;
}

struct hash_walk {
	__u64 hash;
	__u32 purpose;
	__u32 zero;
};

static long hash_block(__u32 index, void *context)
{
	struct hash_walk *walk = context;
	struct stack_scratch *scratch = stack_scratch_for(walk->purpose);
	__u64 *words;

	if (!scratch)
		return 1;
	words = (__u64 *)(scratch->text + (index * STACK_BLOCK_BYTES & (PATH_BYTES - 1)));
	for (int i = 0; i < STACK_BLOCK_BYTES / 8; i++)
		walk->hash = mix(walk->hash, words[i]);
	return 0;
}

static __noinline bool hash_long(__u64 *hash, __u64 address, __u32 purpose)
{
	struct stack_scratch *scratch = stack_scratch_for(purpose);
	struct hash_walk walk = {.hash = *hash, .purpose = purpose};
	long bytes;
	__u64 *end;

	if (!scratch)
		return false;
	bytes = bpf_probe_read_user_str(scratch->text, PATH_BYTES, (const void *)address);
	if (bytes <= 0 || bytes > PATH_BYTES)
		return false;
	end = (__u64 *)(scratch->text + bytes);
	for (int i = 0; i < STACK_BLOCK_BYTES / 8; i++)
		end[i] = 0;
	bpf_loop(((__u32)bytes + STACK_BLOCK_BYTES - 1) / STACK_BLOCK_BYTES, hash_block, &walk, 0);
	*hash = walk.hash;
	return true;
}

/* Hash the text of a list's next element, and step behind it. */
static __noinline bool hash_element(__u64 *next, __u64 *hash, __u32 purpose)
{
	struct element_read read;
	__u64 address = *next, before = *hash;

	if (!peek(&read, sizeof(read), address)) { /* the end of the memory is near */
		if (!peek(&read.element, sizeof(read.element), address))
			return false;
		read.text[0] = ~0ULL;
		address = 0;
	}
	*next = read.element.next;
	if (read.element.value != address + __builtin_offsetof(struct element_read, text) &&
	    !peek(read.text, sizeof(read.text), read.element.value))
		return hash_long(hash, read.element.value, purpose);
	if (hash_short(hash, read.text))
		return true;
	*hash = before;
	return hash_long(hash, read.element.value, purpose);
}

static long hash_frame(__u32 index, void *context)
{
	struct stack_walk *walk = context;
	__u64 hash = 0;

	if (index >= walk->count)
		return 1;
	if (!hash_element(&walk->next[0], &hash, walk->purpose) ||
	    !hash_element(&walk->next[1], &hash, walk->purpose) ||
	    !hash_element(&walk->next[2], &hash, walk->purpose)) {
		walk->failed = true;
		return 1;
	}
	walk->hashes[(walk->depth - 1 - index) & (STACK_FRAMES - 1)] = hash;
	return 0;
}

static __always_inline bool begin_walk(struct stack_walk *walk, const struct shell_state *shell)
{
	for (int i = 0; i < STACK_ARRAYS; i++)
		if (!peek(&walk->next[i], sizeof(walk->next[i]), shell->heads[i] + BASH_ELEMENT_NEXT))
			return false;
	return true;
}

/* Whether all arrays are as long as the first: bash can be about to enter a function. */
static __always_inline bool are_even(const struct shell_state *shell, __u32 depth)
{
	__u32 count;

	for (int i = 1; i < STACK_ARRAYS; i++)
		if (!peek(&count, sizeof(count), shell->arrays[i] + shell->count_offset) ||
		    count != depth)
			return false;
	return true;
}

/*
 * The hash of the stack of `depth` frames, of which the `count` innermost are read and the others
 * are in `hashes`. 0 when the arrays do not fit each other, as while bash is changing them.
 */
static __always_inline __u64 hash_stack(const struct shell_state *shell, __u64 *hashes, __u32 depth,
					__u32 count, __u32 purpose)
{
	struct stack_walk walk = {
		.hashes = hashes,
		.depth = depth,
		.count = count,
		.purpose = purpose,
	};
	__u64 hash = depth;

	if (!are_even(shell, depth) || !begin_walk(&walk, shell))
		return 0;
	bpf_loop(STACK_FRAMES, hash_frame, &walk, 0);
	if (walk.failed)
		return 0;
	for (__u32 i = 0; i < STACK_FRAMES && i < depth; i++)
		hash = mix(hash, hashes[(depth - 1 - i) & (STACK_FRAMES - 1)]);
	return hash ?: 1;
}

/* Append the text of a list's next element. */
static __always_inline bool read_element(struct stack_walk *walk, struct stack_scratch *scratch,
					 __u32 which, __u32 most)
{
	struct bash_element element;
	long bytes;

	if (!peek(&element, sizeof(element), walk->next[which]))
		return false;
	walk->next[which] = element.next;
	bytes = bpf_probe_read_user_str(scratch->text + (walk->used & (STACK_TEXT_BYTES - 1)), most,
					(const void *)element.value);
	if (bytes <= 0)
		return false;
	if (bytes == most)
		scratch->record.flags |= STACK_NAME_TRUNCATED;
	walk->used += bytes;
	return true;
}

static long read_frame(__u32 index, void *context)
{
	struct stack_walk *walk = context;
	struct stack_scratch *scratch = stack_scratch_for(walk->purpose);

	if (!scratch || index >= walk->count)
		return 1;
	if (walk->used > STACK_TEXT_BYTES - 2 * FUNCTION_BYTES - PATH_BYTES) {
		walk->count = index;
		scratch->record.flags |= STACK_TRUNCATED;
		return 1;
	}
	walk->failed = !read_element(walk, scratch, 0, FUNCTION_BYTES) ||
		       !read_element(walk, scratch, 1, PATH_BYTES) ||
		       !read_element(walk, scratch, 2, FUNCTION_BYTES);
	return walk->failed;
}

/* Put the record of a stack into the scratch. */
static __always_inline bool read_stack(const struct shell_state *shell, __u32 depth, __u32 purpose)
{
	struct stack_scratch *scratch = stack_scratch_for(purpose);
	struct stack_walk walk = {.count = depth, .purpose = purpose};

	if (!scratch || !begin_walk(&walk, shell))
		return false;
	__builtin_memset(&scratch->record, 0, sizeof(scratch->record));
	if (depth > STACK_FRAMES) {
		walk.count = STACK_FRAMES;
		scratch->record.flags = STACK_TRUNCATED;
	}
	bpf_loop(STACK_FRAMES, read_frame, &walk, 0);
	scratch->record.kind = RECORD_STACK;
	scratch->record.frames = walk.count;
	scratch->record.bytes = walk.used;
	return !walk.failed && walk.used <= STACK_TEXT_BYTES;
}

/* The number of a stack; tells the reader of it first if it is new. 0: that did not work. */
static __always_inline __u32 stack_number(const struct shell_state *shell, __u64 hash, __u32 depth,
					  __u32 purpose)
{
	struct stack_scratch *scratch = stack_scratch_for(purpose);
	struct control *control = the_control();
	__u32 *known, number, bytes;

	if (config.watching) /* the trace of each tree has its own */
		hash = mix(hash, tree_here());
	known = bpf_map_lookup_elem(&stacks, &hash);
	if (known)
		return *known;
	if (!scratch || !control || !read_stack(shell, depth, purpose))
		return 0;
	number = __sync_fetch_and_add(&control->last_stack, 1) + 1;
	scratch->record.stack = number;
	bytes = scratch->record.bytes;
	if (bytes > STACK_TEXT_BYTES)
		return 0;
	if (!emit_record(&scratch->record, sizeof(scratch->record) + bytes, RECORD_STACK))
		return 0;
	bpf_map_update_elem(&stacks, &hash, &number, BPF_ANY);
	return number;
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
	text.is_string = running_trap > 0 || eval_depth > 0;
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

/* The number of the stack, without what is known of it from before; 0: there is none. */
static __always_inline bool read_whole_stack(const struct shell_state *shell, __u32 purpose,
					     __s64 *depth, __u32 *stack)
{
	struct stack_scratch *scratch = stack_scratch_for(purpose);
	__u64 hash;

	*stack = 0;
	*depth = stack_depth(shell);
	if (*depth <= 0 || !scratch)
		return !*depth;
	hash = hash_stack(shell, scratch->hashes, *depth,
			  *depth < STACK_FRAMES ? *depth : STACK_FRAMES, purpose);
	if (hash)
		*stack = stack_number(shell, hash, *depth, purpose);
	return *stack;
}

/*
 * Whether bash is in the functions it was in at the last call: they are as many, and there was no
 * time to leave one and enter another.
 */
static __always_inline bool is_same_stack(const struct shell_state *shell, __u64 since_ns)
{
	__u32 count;

	return shell->stack && since_ns < CALL_NS &&
	       peek(&count, sizeof(count), shell->arrays[0] + shell->count_offset) &&
	       count == shell->depth;
}

/*
 * How many innermost frames can be others than at the last reading: bash takes CALL_NS and more to
 * enter a function, and all frames before a new one are those that were there.
 */
static __always_inline __u32 frames_to_read(const struct shell_state *shell, __u32 depth,
					    __u64 since_ns)
{
	__u32 limit = depth < STACK_FRAMES ? depth : STACK_FRAMES, count;

	if (!shell->stack || depth > STACK_FRAMES || shell->depth > STACK_FRAMES)
		return limit;
	if (since_ns > (__u64)STACK_FRAMES * CALL_NS)
		return limit;
	count = (__u32)since_ns / CALL_NS + 1;
	return count < limit ? count : limit;
}

/* The arrays are not there: not yet, or no longer. */
static __always_inline void lose_stack(struct shell_state *shell, struct event *event)
{
	shell->names = 0;
	shell->stack = 0;
	if (shell->names_name)
		event->flags |= EVENT_SITE_UNKNOWN;
}

/* Find out which stack it is, reading what can be new. False when FUNCNAME is gone. */
static __always_inline bool identify_stack(struct shell_state *shell, __u64 since_ns)
{
	__s64 depth = stack_depth(shell);
	__u64 hash = 0;

	if (depth < 0)
		return false;
	if (depth)
		hash = hash_stack(shell, shell->hashes, depth,
				  frames_to_read(shell, depth, since_ns), FOR_CALLS);
	if (!hash)
		shell->stack = 0;
	else if (hash != shell->hash || !shell->stack)
		shell->stack = stack_number(shell, hash, depth, FOR_CALLS);
	shell->hash = hash;
	shell->depth = depth;
	shell->text = read_text(shell, depth);
	return true;
}

/* Note in an event where bash is. A shell that is starting up is nowhere. */
static __always_inline void note_site(struct task_struct *task, struct task_state *state)
{
	struct shell_state *shell = &state->shell;
	struct event *event = &state->event;
	__u64 since_ns;

	if (shell->kind == SHELL_UNSEEN)
		find_shell(task, shell);
	if (shell->kind == SHELL_UNSEEN) /* the reader clears this if it was no shell */
		event->flags |= EVENT_SITE_UNKNOWN;
	if (shell->kind != SHELL_BASH)
		return;
	if (!shell->names && !find_arrays(shell)) {
		lose_stack(shell, event);
		return;
	}
	since_ns = bpf_ktime_get_boot_ns() - shell->left_ns;
	if (!is_same_stack(shell, since_ns) && !identify_stack(shell, since_ns)) {
		lose_stack(shell, event);
		return;
	}
	if (shell->depth && !shell->stack) {
		event->flags |= EVENT_SITE_UNKNOWN;
		return;
	}
	event->stack = shell->stack;
	peek(&event->line, sizeof(event->line), shell->line_number);
	if (is_relative(shell, shell->text, shell->depth, event->line))
		event->flags |= EVENT_LINE_RELATIVE;
}

/* What bash does from now on it does outside calls. */
static __always_inline void leave_site(struct task_state *state, __u64 now_ns)
{
	state->shell.left_ns = now_ns;
}

/* A child begins with its parent's memory. */
static __always_inline void inherit_shell(struct task_state *to, const struct task_state *from)
{
	to->shell = from->shell;
	to->shell.forked_depth = from->shell.depth;
	to->shell.forked_line = from->event.line;
	to->shell.forked_relative = !!(from->event.flags & EVENT_LINE_RELATIVE);
}

/* Ask user space to look at a binary. A question that is lost is asked again at the next exec. */
static __always_inline void introduce(struct task_struct *task, const struct identity *binary,
				      const char *path)
{
	struct control *control = the_control();
	struct stranger *stranger;

	if (!control || control->shells >= SHELLS)
		return;
	stranger = bpf_ringbuf_reserve(&strangers, sizeof(*stranger), 0);
	if (!stranger)
		return;
	stranger->inode = binary->inode;
	stranger->dev = binary->dev;
	stranger->pid = task->tgid;
	if (bpf_probe_read_kernel_str(stranger->path, sizeof(stranger->path), path) < 0)
		stranger->path[0] = 0;
	bpf_ringbuf_submit(stranger, BPF_RB_FORCE_WAKEUP);
}

/* A new image: none of the old one's addresses hold. */
static __always_inline void begin_shell(struct task_struct *task, struct task_state *state,
					const struct identity *binary, const char *path)
{
	struct shell_state *shell = &state->shell;

	__builtin_memset(shell, 0, sizeof(*shell));
	shell->binary = *binary;
	if (!config.attribution) {
		shell->kind = SHELL_NONE;
		return;
	}
	find_shell(task, shell);
	if (shell->kind == SHELL_UNSEEN)
		introduce(task, binary, path);
}

#endif
