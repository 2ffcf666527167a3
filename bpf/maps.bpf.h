/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What is kept between programs: the structs, and the maps as libbpf makes them. */
#ifndef AKLO_MAPS_H
#define AKLO_MAPS_H

/* What a shell executes. */
struct shell_text {
	__u8 is_string;	      /* of eval or a trap */
	__u8 is_trap;
	__u8 is_substitution; /* $(...) or `...` */
};

#ifdef AKLO_BCC /* without kernel structs no shell is found */
struct shell_state {};
#else
/* That `return` was executed, and where. depth 0: it was not. */
struct return_note {
	__u32 depth;   /* of functions */
	__u32 sources; /* files being sourced */
	__u32 substitutions; /* ${ ... } */
	bool doubtful; /* it may not have succeeded */
	__u8 zero[3];
};

/* What is known of the functions that a bash is in. */
struct function_state {
	struct return_note returned; /* the last one */
	struct return_note covered;  /* one further out, before the last one */
};

/* Of the frames of a stack, by their place from the outermost. */
struct frame_hashes {
	__u64 of[STACK_FRAMES];
};

/* What is known of the shell that a task runs: addresses are those of its memory. */
struct shell_state {
	struct identity binary;
	__u64 line_number;
	__u64 running_trap;
	__u64 eval_depth;
	__u64 environment;
	__u64 variables;
	__u64 names; /* the variable FUNCNAME; 0: not found yet */
	__u64 names_name;
	__u64 arrays[STACK_ARRAYS]; /* 0: never found */
	__u64 heads[STACK_ARRAYS];
	__u64 hash;  /* of the stack that was read last */
	struct frame_hashes hashes;
	__u64 left_ns; /* end of the last call at which the stack was read */
	__u32 stack;
	__u32 depth;
	__u32 forked_depth; /* of the stack, where this process began */
	__u32 forked_line;
	__u32 shells_seen;
	__u8 kind; /* enum shell_kind */
	__u8 count_offset;
	__u8 head_is_last;
	struct shell_text text;
	__u8 forked_relative;
	__u8 zero;
	__u32 layout; /* its place among the shells that are known */
	__u64 base;   /* where it is loaded */
	struct function_state functions;
};
#endif

#ifndef AKLO_BCC
/* Of a task that has no CPU. */
struct off_cpu {
	__u64 since_ns; /* 0: it has one */
	__u64 woken_ns; /* 0: it was not */
	__u32 waker_proc_id;
	__u32 waker_tid;
	__u32 flags; /* enum offcpu_flag, those of how it left its CPU */
	__u32 waking; /* those of who woke it */
};
#endif

/* What is known of a traced thread. The head is struct task_mark. */
struct task_state {
	struct task_mark mark;
	struct event event; /* the call under way */
	__u64 args[8];	    /* six are used; eight so that an index can be masked */
	__u64 on_cpu_since_ns; /* 0: not running */
	__u64 cpu_ns;	       /* before that */
	__u64 system_ns;
	__u64 cpu_at_entry_ns;
	__u64 stopped_since_ns; /* 0: not stopped */
	__u64 stopped_ns;
	__u64 run_delay_before_ns; /* before it was the target */
	struct shell_state shell;
	struct identity cwd_at_entry; /* of a call whose path was not in memory then */
	__u32 slot;
	__u32 ended; /* in a group leader: the end of its process has been told */
	__u16 at_exit; /* of its enum spec_flag, what there is to do when it returns */
	bool joined; /* it was there before it was traced */
	bool lost_move; /* a change of its directory was lost, which is not told yet */
	__u8 zero[3];
	__u64 joining; /* enum joining; as wide as bcc can exchange */
#ifndef AKLO_BCC
	__u32 root;	 /* of several trees, the serial of this one; else 0 */
	__u32 root_slot; /* and where it stands among them */
	__u64 attempts;
	struct off_cpu off_cpu;
	__u32 ended_proc_id; /* what it was, now that it has ended and is nobody */
#endif
};

/* Of a task that was there before it was traced: what is known of the call that it was in. */
enum joining {
	JOINED,		 /* it has returned, or there was none */
	JOINING,	 /* it is not known whether there is one */
	JOINING_COUNTED, /* there seems to be one, and it stands in the accounts */
};

/* Room to put a record of variable size together: programs are not preempted. */
struct scratch {
#ifdef AKLO_BCC
	__u64 words[(sizeof(struct argv_record) + ARGV_CHUNK_BYTES) / sizeof(__u64)];
#else
	__u64 words[(sizeof(struct exec_record) + 2 * PATH_BYTES) / sizeof(__u64)];
#endif
};

#ifndef AKLO_BCC /* whose maps are made by tracer/aklo_trace/bcc/maps.py */

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} tasks SEC(".maps");

/* The event rings of all CPUs, one after the other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader makes it ring_events per possible CPU */
	__type(key, __u32);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader makes it one per possible CPU */
	__type(key, __u32);
	__type(value, struct ring_position);
} positions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader makes it one per possible CPU */
	__type(key, __u32);
	__type(value, struct counters);
} cpu_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} records SEC(".maps");

/* Nothing goes through it: it wakes a reader whose event ring fills up. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} bell SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} controls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SYSCALL_SLOTS);
	__type(key, __u32);
	__type(value, struct syscall_spec);
} specs SEC(".maps");

/* The root directory of the task that named a path first. User space does not see it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} roots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Trees of processes, of which there are several when programs are watched for. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader makes it ROOTS */
	__type(key, __u32);
	__type(value, struct root);
} trees SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* as for trees */
	__type(key, __u32);
	__type(value, struct tree_losses);
} tree_losses SEC(".maps");

/* LAYOUT_STAMP is of the layout.py that the object was built with: a loader with another one would
 * find other structs than it thinks. */
const volatile struct config config = {.layout = LAYOUT_STAMP};

static __always_inline struct task_state *state_of(struct task_struct *task)
{
	return bpf_task_storage_get(&tasks, task, NULL, 0);
}

/* A number for a new process, in which that of its tree stands, if there are several. */
static __always_inline __u32 new_proc_id(const struct task_state *from, struct control *control)
{
	struct root *root;
	__u32 number;

	if (!config.watching)
		return __sync_fetch_and_add(&control->next_proc_id, 1);
	root = bpf_map_lookup_elem(&trees, &from->root_slot);
	number = root ? __sync_fetch_and_add(&root->processes, 1) + 1 : 0;
	return number < 1 << ROOT_PROCESS_BITS ? from->root_slot << ROOT_PROCESS_BITS | number : 0;
}

/* The state of the current task, if there are several trees to which it can belong. */
static __always_inline struct task_state *member_here(void)
{
	return config.watching ? state_of(bpf_get_current_task_btf()) : NULL;
}

/* Write into a record to which of several trees it belongs. */
static __always_inline void mark_tree(void *record, enum record_kind kind,
				      const struct task_state *member)
{
	if (member)
		*(__u32 *)record = kind | member->root_slot << ROOT_SHIFT;
}

/* The serial of the tree that the current task belongs to, if there are several. */
static __always_inline __u32 tree_here(void)
{
	struct task_state *state = member_here();

	return state ? state->root : 0;
}

static __always_inline void attempt_in_tree(struct task_state *state)
{
	state->attempts++;
}

static __always_inline struct tree_losses *losses_of(const struct task_state *member)
{
	return member && config.watching ? bpf_map_lookup_elem(&tree_losses, &member->root_slot)
					 : NULL;
}

static __always_inline void lose_call_in_tree(const struct task_state *member)
{
	struct tree_losses *losses = losses_of(member);

	if (losses)
		__sync_fetch_and_add(&losses->calls[member->slot & (SYSCALL_SLOTS - 1)], 1);
}

static __always_inline void lose_detail_in_tree(const struct task_state *member)
{
	struct tree_losses *losses = losses_of(member);

	if (losses)
		__sync_fetch_and_add(&losses->details, 1);
}

#else /* there is one tree */

static __always_inline __u32 new_proc_id(const struct task_state *from, struct control *control)
{
	return __sync_fetch_and_add(&control->next_proc_id, 1);
}

static __always_inline struct task_state *member_here(void)
{
	return NULL;
}

static __always_inline void mark_tree(void *record, enum record_kind kind,
				      const struct task_state *member)
{
}

static __always_inline void attempt_in_tree(struct task_state *state) {}
static __always_inline void lose_call_in_tree(const struct task_state *member) {}
static __always_inline void lose_detail_in_tree(const struct task_state *member) {}

#endif /* AKLO_BCC */

#endif
