/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the kernel side writes and the Python side reads. The same numbers stand in
 * tracer/aklo_trace/ebpf/layout.py; a test compiles this header and compares them.
 */
#ifndef AKLO_TRACE_H
#define AKLO_TRACE_H

#define SYSCALL_SLOTS 1024 /* native calls, then the 32-bit ones */
#define COMPAT_SLOT 512	   /* first slot of the 32-bit calls */
#define UNKNOWN_SLOT 511   /* numbers that no kernel has given out */
#define PATH_BYTES 4096	   /* longest path the kernel takes, with its NUL */
#ifdef AKLO_BCC
#define ARGV_CHUNK_BYTES 28672 /* few and large ones: see bpf_loop in bcc.h */
#define ARGV_CHUNKS 75	   /* of one exec: 2 MiB, what the kernel takes by default */
#else
#define ARGV_CHUNK_BYTES 4096
#define ARGV_CHUNKS 2048   /* of one exec: 8 MiB, more than the kernel takes */
#endif
#define COMM_BYTES 16
#define PROGRAMS 16	   /* names that --programs takes */
#define SHELLS 1024	   /* binaries that are told apart as shells or not */
#define STRANGER_BYTES 256
#define STACK_FRAMES 32	   /* innermost ones that are read */
#define STACK_ARRAYS 3	   /* FUNCNAME, BASH_SOURCE, BASH_LINENO */
#define STACK_TEXT_BYTES 16384
#define STACK_BLOCK_BYTES 64 /* that are hashed at a time */
#define FUNCTION_BYTES 256   /* of a function's name, with its NUL */
#define BASH_CONTEXT_TABLE 32 /* offset of VAR_CONTEXT.table in bash */
#define BASH_ELEMENT_NEXT 16  /* offset of ARRAY_ELEMENT.next in bash */
#define PATTERNS 64
#define PATTERN_BYTES 64   /* longest pattern, with its NUL */
#define WATCHED_BYTES 256  /* longest name that is compared, with its NUL */
#define ROOTS 512	   /* trees that can be traced at once, and one */
#define ROOT_PROCESS_BITS 23 /* of a proc_id within a tree; its slot is above */
#define ANY_USER 0xffffffff
#define ROOT_SHIFT 16	     /* of a record's kind: the slot of its tree is above */
#define JOIN_PIDS 4096	     /* processes that can be asked for at once */
#define FILE_TEXT_BYTES 128   /* of a name or an address: struct sockaddr_storage */
#define RECORD_SLOTS 16	     /* of the accounts of records */
#define NO_ARGUMENT (-1)
#define UNKNOWN_COUNT 0x7fffffffffffffff
#define UNKNOWN_EXIT_CODE 0xffffffff
#define BCC_SCRATCH_BYTES 28688 /* only with bcc, as all that follow: struct scratch, */
#define IMAGE_BYTES 8272    /* struct image, */
#define TID_STATE_BYTES 320 /* struct tid_state, */
#define PROCESS_BYTES 24    /* struct process */

/* The low bits are those of SyscallFlag in tracer/aklo_trace/schema.py. */
enum event_flag {
	EVENT_PATH_TRUNCATED = 1 << 0,
	EVENT_PATH_UNREADABLE = 1 << 1,
	EVENT_PATH_LOST = 1 << 2,
	EVENT_COMPAT = 1 << 4,
	EVENT_UNFINISHED = 1 << 5,
	EVENT_NO_ENTRY = 1 << 6,
	EVENT_SITE_UNKNOWN = 1 << 10,
	EVENT_HAS_FD = 1 << 12,
	EVENT_HAS_IDENTITY = 1 << 13,
	EVENT_HAS_OFFSET = 1 << 14,
	EVENT_LINE_RELATIVE = 1 << 15,
};

/* One call. All are of one size, so that they drain in bulk. */
struct event {
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 dur_ns;
	__s64 ret;
	__u64 record_id; /* its struct path_record, 0 for none */
	__u64 inode;
	__s64 offset;
	__u32 dev;
	__u32 proc_id;
	__u32 tid;
	__s32 fd;
	__u16 nr;
	__u16 flags;
	__u16 mode;
	__u16 instance; /* as in struct identity */
	__u32 stack; /* of the shell's functions, as in struct stack_record; 0: none */
	__u32 line;  /* of the shell's code; 0: none */
};
_Static_assert(sizeof(struct event) == 80, "struct event");

enum record_kind {
	RECORD_PATH = 1,
	RECORD_FORK,
	RECORD_EXEC,
	RECORD_ARGV,
	RECORD_EXIT,
	RECORD_STACK,
	RECORD_SAMPLE,
	RECORD_FILE,
	RECORD_FUNCTION,
	RECORD_OFFCPU,
	RECORD_LOST_MOVE,
	RECORD_KINDS,
};

/*
 * A file. What `instance` is differs between files that have one inode number after the other: 16
 * bits of the inode's generation; 0: unknown. Files that share an inode, as those of eventfd(2),
 * have what they are in `instance`, and where they are in the upper half of `inode`.
 */
struct identity {
	__u64 inode;
	__u32 dev;
	__u16 mode; /* 0: unknown */
	__u16 instance;
};
_Static_assert(sizeof(struct identity) == 16, "struct identity");

enum path_base {
	BASE_NONE,	/* the path is absolute, or there is none */
	BASE_DIRECTORY, /* it starts from `identity` */
	BASE_ROOT,	/* it is absolute below `identity`, another root than that of most */
	BASE_CWD,	/* it starts from the working directory, which is not known here */
};

/* The path arguments of one call: text holds both, each with its NUL. */
struct path_record {
	__u32 kind;
	__u32 bytes[2];	  /* of each path, its NUL included; 0 for none */
	__u32 base[2];	  /* enum path_base */
	__u32 zero;
	__u64 record_id;
	struct identity identity[2];
	char text[];
};
_Static_assert(sizeof(struct path_record) == 64, "struct path_record");

struct fork_record {
	__u32 kind;
	__u32 proc_id;
	__u32 parent_proc_id;
	__u32 pid;
	__u32 ppid;
	__u32 site_flags; /* of the fork's event: EVENT_SITE_UNKNOWN, EVENT_LINE_RELATIVE */
	__u64 ts_ns;
	__u32 stack; /* where the parent forked */
	__u32 line;
};
_Static_assert(sizeof(struct fork_record) == 40, "struct fork_record");

/* An image that began. text: the file that was asked for, then its interpreter. */
struct exec_record {
	__u32 kind;
	__u32 proc_id;
	__u32 pid;
	__u32 bytes[2];
	__u32 argv_bytes;
	__u64 ts_ns;
	struct identity identity;
	struct identity directory; /* where a relative name of the program starts from */
	__u32 stack; /* where the process was when it called exec */
	__u32 line;
	__u32 site_flags;
	__u32 zero;
	char text[];
};
_Static_assert(sizeof(struct exec_record) == 80, "struct exec_record");

/* A piece of an image's argument block; pieces of one exec follow their exec_record. */
struct argv_record {
	__u32 kind;
	__u32 proc_id;
	__u32 offset;
	__u32 bytes; /* 0: the block could not be read from here on */
	char text[];
};
_Static_assert(sizeof(struct argv_record) == 16, "struct argv_record");

/* A thread that ended; `last` when its process ended with it. */
struct exit_record {
	__u32 kind;
	__u32 proc_id;
	__u32 tid;
	__u32 last;
	__u64 ts_ns;
	__u64 cpu_ns;	 /* of this thread */
	__u64 system_ns; /* the part of it within calls */
	__u64 max_rss_pages; /* or UNKNOWN_COUNT, like the next */
	__u64 run_delay_ns; /* runnable, but waiting for a CPU */
	__u64 stopped_ns;   /* by a signal */
	__u32 exit_code; /* as wait(2) gives it, or UNKNOWN_EXIT_CODE */
	__u32 zero;
};
_Static_assert(sizeof(struct exit_record) == 72, "struct exit_record");

enum stack_flag {
	STACK_TRUNCATED = 1 << 0,      /* outer frames are missing */
	STACK_NAME_TRUNCATED = 1 << 1, /* a name is longer than was read */
};

/* The functions that a bash is in. `bytes` of text follow: of each frame, innermost first, the
 * function, its file and the line that called it, as in FUNCNAME, BASH_SOURCE and BASH_LINENO. */
struct stack_record {
	__u32 kind;
	__u32 stack;
	__u32 bytes;
	__u16 frames;
	__u16 flags;
};
_Static_assert(sizeof(struct stack_record) == 16, "struct stack_record");

enum sample_flag {
	SAMPLE_IN_CALL = 1 << 0, /* the task was within a call */
};

/* A task that a timer found running. */
struct sample_record {
	__u32 kind;
	__u32 proc_id;
	__u32 tid;
	__u32 stack;
	__u32 line;
	__u32 site_flags;
	__u32 flags; /* enum sample_flag */
	__u32 zero;
	__u64 ts_ns;
};
_Static_assert(sizeof(struct sample_record) == 40, "struct sample_record");

/* Those of OffCpuFlag in tracer/aklo_trace/schema.py. */
enum offcpu_flag {
	OFFCPU_READY = 1 << 0,	 /* it could have run on: another took its CPU, or it is new */
	OFFCPU_STOPPED = 1 << 1, /* by a signal */
	OFFCPU_BY_OTHERS = 1 << 2, /* no task that is traced woke it */
	OFFCPU_END_LATE = 1 << 3,  /* it had a CPU before this end, unseen */
};

/* A stretch in which a task had no CPU, told when it has one again. */
struct offcpu_record {
	__u32 kind;
	__u32 proc_id;
	__u32 tid;
	__u32 flags; /* enum offcpu_flag */
	__u64 ts_ns;
	__u64 ready_ns; /* when it was woken; 0: unknown */
	__u64 end_ns;
	__u32 waker_proc_id; /* 0: see flags */
	__u32 waker_tid;
};
_Static_assert(sizeof(struct offcpu_record) == 48, "struct offcpu_record");

/* A task that was marked while it was running. The names of its working directory and of its
 * program follow, innermost first, each with its NUL; none for the root directory. */
struct joined {
	__u32 proc_id;
	__u32 parent_proc_id; /* 0: its parent is not traced */
	__u32 pid;
	__u32 ppid;
	__u32 pid_for_reader; /* in the pid namespace of user space */
	__u32 tid;	      /* another than pid: only a thread */
	__u64 ts_ns;
	struct identity exe;
	__u32 bytes[2];
	__u32 has_cwd;
	__u32 zero;
};
_Static_assert(sizeof(struct joined) == 64, "struct joined");

enum file_flag {
	FILE_NEW = 1 << 0,	/* the call has made it */
	FILE_SOCKET = 1 << 1,	/* the texts are addresses, its own and its peer's */
	FILE_TERMINAL = 1 << 2,
};

/*
 * What a call said of a file that has no path: the name that the kernel gave it, or addresses, each
 * a struct sockaddr. It stands for itself: the event of the call may be lost. Two texts follow, each
 * in FILE_TEXT_BYTES.
 */
struct file_record {
	__u32 kind;
	__u32 flags; /* enum file_flag */
	__u64 ts_ns; /* the beginning of the call */
	struct identity identity;
	__u32 bytes[2];
	char text[];
};
_Static_assert(sizeof(struct file_record) == 40, "struct file_record");
enum function_flag {
	FUNCTION_ENDS = 1 << 0,
	FUNCTION_HAS_STATUS = 1 << 1,
	FUNCTION_LINE_RELATIVE = 1 << 2, /* of the line that called it */
};

/* A function of a bash begins or ends. */
struct function_record {
	__u32 kind;
	__u32 proc_id;
	__u32 tid;
	__u32 depth; /* 1: it was called outside of functions */
	__u64 ts_ns;
	__u32 stack; /* where it begins: its own frame is the innermost; 0: unknown */
	__u16 flags; /* enum function_flag */
	__u16 status; /* where it ends */
};
_Static_assert(sizeof(struct function_record) == 32, "struct function_record");

/* A process changed its directory, and the call that did it is lost. From the engine bcc. */
struct lost_move_record {
	__u32 kind;
	__u32 proc_id;
	__u64 ts_ns; /* from when on its directory is not known */
};
_Static_assert(sizeof(struct lost_move_record) == 16, "struct lost_move_record");

enum pattern_kind {
	PATTERN_NONE,	 /* the end of the list */
	PATTERN_WATCHED, /* begins a tree */
	PATTERN_SHELL,	 /* its script can */
};

/* A base name, with * for any characters and ? for one. */
struct pattern {
	__u32 kind;
	char text[PATTERN_BYTES];
};
_Static_assert(sizeof(struct pattern) == 68, "struct pattern");

/* A tree of processes that is traced as one of several. Mapped by user space, which frees it. */
struct root {
	__u32 serial;	 /* 0: this slot is free */
	__u32 live;	 /* threads */
	__u32 processes; /* that there have been */
	__u32 zero;
	__u64 attempts;	 /* of threads that have ended */
};
_Static_assert(sizeof(struct root) == 24, "struct root");

/* What was lost of a tree. Mapped by user space, which clears it before it frees the slot. */
struct tree_losses {
	__u64 details; /* records, and threads that could not be followed */
	__u32 calls[SYSCALL_SLOTS];
};
_Static_assert(sizeof(struct tree_losses) == 4104, "struct tree_losses");

/* A tree that begins. The names of its working directory follow, innermost first. */
struct beginning {
	__u32 serial;
	__u32 slot;
	__u32 pid;
	__u32 ppid;
	__u32 uid; /* effective, in the initial user namespace */
	__u32 bytes;
	__u64 ts_ns;
	struct identity cwd;
};
_Static_assert(sizeof(struct beginning) == 48, "struct beginning");

enum shell_kind {
	SHELL_UNSEEN, /* user space has not looked at the binary yet */
	SHELL_BASH,
	SHELL_NONE,
};

/* Of one executable file: where its symbols lie, as addresses in the file. Written by user space. */
struct shell_layout {
	__u64 inode;
	__u32 dev;
	__u8 is_bash; /* one whose variables are understood; else all that follows is 0 */
	__u8 count_offset; /* of ARRAY.num_elements */
	__u8 head_is_last; /* ARRAY.head is two words behind it, else one */
	__u8 zero;
	__u64 code; /* where the first executable segment begins */
	__u64 line_number;
	__u64 running_trap;
	__u64 eval_depth;  /* evalnest */
	__u64 environment; /* subshell_environment */
	__u64 variables;   /* global_variables */
	/* For --function-calls; all 0 if one of them is missing. */
	__u64 function_depth;	  /* funcnest */
	__u64 source_depth;	  /* sourcelevel */
	__u64 substitution_depth; /* executing_funsub; 0 before bash 5.3 */
	__u64 return_status;	  /* return_catch_value */
	__u64 last_status;	  /* last_command_exit_value */
	__u64 set_builtin;
	__u64 set_builtin_end;
	__u64 source_builtin;
	__u64 source_builtin_end;
};
_Static_assert(sizeof(struct shell_layout) == 136, "struct shell_layout");

/* An executable file that is not among them: user space is asked to look at it. */
struct stranger {
	__u64 inode;
	__u32 dev;
	__u32 pid;
	char path[STRANGER_BYTES]; /* as it was given to exec; cut */
};
_Static_assert(sizeof(struct stranger) == 272, "struct stranger");

/* Which arguments of a call mean what. Filled by user space from syscalls.tsv. */
enum spec_flag {
	SPEC_RECORD = 1 << 0,	   /* the filter lets this call pass */
	SPEC_ALWAYS = 1 << 1,	   /* never filtered, whatever the process */
	SPEC_RETURNS_FD = 1 << 2,
	SPEC_FILE_POSITION = 1 << 3, /* begins at the position of its descriptor */
	SPEC_EXEC = 1 << 4,
	SPEC_MAKES_FILE = 1 << 5, /* what it returns, or writes to `pair`, is a new file */
	SPEC_CHANGES_CWD = 1 << 6,
	SPEC_CHANGES_ROOT = 1 << 7,
	SPEC_ADDRESSES = 1 << 8, /* it gives its socket an address, or its peer's */
	SPEC_BINDS = 1 << 9,	 /* the socket's own */
	SPEC_EXIT = 1 << 10,
	SPEC_EXIT_GROUP = 1 << 11,
};

/* Numbers of arguments, or NO_ARGUMENT. */
struct syscall_spec {
	__u16 flags;
	__s8 fd;
	__s8 fd2;
	__s8 path[2];
	__s8 dirfd[2];
	__s8 offset;
	__s8 pair;    /* points to two new descriptors */
	__s8 address; /* points to a struct sockaddr, its length is the next argument */
	__s8 zero;
};
_Static_assert(sizeof(struct syscall_spec) == 12, "struct syscall_spec");

/*
 * The event ring of one CPU, mapped by user space: the kernel writes `head`, user space `tail`,
 * each on its own cache line. Programs are not preempted, so a CPU's ring has one writer at a time
 * and needs no lock.
 */
struct ring_position {
	__u64 head; /* events ever written */
	__u64 slot; /* where the next one goes */
	__u64 zero[6];
	__u64 tail; /* events ever read */
	__u64 zero2[7];
};
_Static_assert(sizeof(struct ring_position) == 128, "struct ring_position");

/* One per possible CPU, mapped by user space. */
struct counters {
	__u64 attempts[SYSCALL_SLOTS];
	__u64 lost[SYSCALL_SLOTS];	/* the CPU's event ring was full */
	__u64 records_lost[RECORD_SLOTS]; /* by enum record_kind: the record ring was full */
	__u64 tasks_lost;		/* no memory for a new task, or no number */
	__u64 record_ids;
	__u64 probe_hits;	  /* probes in shells, run for traced processes */
	__u64 probe_ns;		  /* time within their programs */
	__u64 stranger_hits;	  /* the same probes, run for other processes */
	__u64 trees_lost;	  /* no place was free for another tree */
	__u64 zero[2];
};
_Static_assert(sizeof(struct counters) == 16576, "struct counters");

/* One, mapped by user space. */
struct control {
	__u64 next_proc_id; /* bcc compiles no 32-bit instruction that adds and returns */
	__u32 live_processes;
	__u32 stopped; /* set by user space: record nothing more */
	__u32 shells;  /* set by user space: how many stand in the map of that name */
	__u32 last_stack;
	__u32 live_tasks;
	__u32 zero;
};
_Static_assert(sizeof(struct control) == 32, "struct control");

/* Fixed before loading. */
struct config {
	__u64 layout;		 /* LAYOUT_STAMP */
	__u32 ring_events;	 /* capacity of each CPU's event ring */
	__u32 wakeup_events;	 /* its fill at which the reader is woken */
	__u32 wakeup_record_bytes; /* the same of the record ring */
	__u32 direct;		 /* the kernel has bpf_rdonly_cast */
	__u32 program_count;
	__u32 attribution; /* whether shells are asked where they are */
	__u32 anonymous_dev; /* of files that all share one inode, as of eventfd(2) */
	__u32 watching;	   /* there are several trees */
	__u32 watched_uid; /* whose programs begin one, or ANY_USER */
	__u32 off_cpu;	   /* whether it is told when tasks had no CPU */
	char programs[PROGRAMS][COMM_BYTES];
};

/* Only with bcc: the task that becomes the target at its next call, by its number in a namespace. */
struct summons {
	__u64 dev; /* of the pid namespace, as in the kernel */
	__u64 inode;
	__u32 pid; /* 0: none, or it came */
	__u32 proc_id;
};
_Static_assert(sizeof(struct summons) == 24, "struct summons");

/* Whether a task is in a call, and whether that is recorded. */
enum in_call {
	OUTSIDE_CALLS,
	IN_CALL,
	IN_RECORDED_CALL,
};

/* What user space writes to mark the target: the head of struct task_state. */
struct task_mark {
	__u32 proc_id;
	__u8 armed;  /* not traced before its next successful exec */
	__u8 muted;  /* its calls are filtered out, but for SPEC_ALWAYS */
	__u8 in_call; /* enum in_call */
	__u8 path_pending;
};

#endif
