/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The function stack of a bash, identified by a hash of all its text. Nothing is kept by address
 * alone: bash gives the memory of one function's name to the next.
 */
#ifndef AKLO_STACK_H
#define AKLO_STACK_H

#define SHORT_TEXT_BYTES 128
#define HASH_FACTOR 0x9e3779b97f4a7c15ULL

enum { FOR_CALLS, FOR_TIMER, FOR_PROBES, PURPOSES };

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
	struct frame_hashes *hashes;
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
	struct frame_hashes hashes;
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
CHECKED_ALONE int hash_element(__u64 *next, __u64 *hash, __u32 purpose)
{
	struct element_read read;
	__u64 address, before;

	if (!next || !hash)
		return false;
	address = *next;
	before = *hash;
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
	walk->hashes->of[(walk->depth - 1 - index) & (STACK_FRAMES - 1)] = hash;
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

/* Read the `count` innermost of `depth` frames. False when the arrays do not fit each other, as
 * while bash is changing them. */
static __always_inline bool read_hashes(const struct shell_state *shell,
					struct frame_hashes *hashes, __u32 depth, __u32 count,
					__u32 purpose)
{
	struct stack_walk walk = {
		.hashes = hashes,
		.depth = depth,
		.count = count,
		.purpose = purpose,
	};

	if (!are_even(shell, depth) || !begin_walk(&walk, shell))
		return false;
	bpf_loop(STACK_FRAMES, hash_frame, &walk, 0);
	return !walk.failed;
}

CHECKED_ALONE __u64 mix_hashes(const struct frame_hashes *hashes, __u32 depth)
{
	__u64 hash = depth;

	if (!hashes)
		return 0;
	for (__u32 i = 0; i < STACK_FRAMES && i < depth; i++)
		hash = mix(hash, hashes->of[(depth - 1 - i) & (STACK_FRAMES - 1)]);
	return hash ?: 1;
}

/*
 * The hash of the stack of `depth` frames, of which the `count` innermost are read and the others
 * are in `hashes`. 0 when they cannot be read.
 */
static __always_inline __u64 hash_stack(const struct shell_state *shell,
					struct frame_hashes *hashes, __u32 depth, __u32 count,
					__u32 purpose)
{
	if (count && !read_hashes(shell, hashes, depth, count, purpose))
		return 0;
	return mix_hashes(hashes, depth);
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
	hash = hash_stack(shell, &scratch->hashes, *depth,
			  *depth < STACK_FRAMES ? *depth : STACK_FRAMES, purpose);
	if (hash)
		*stack = stack_number(shell, hash, *depth, purpose);
	return *stack;
}

#endif
