/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Where in its code a shell is, at each of its calls, forks and execs. */
#ifndef AKLO_SITE_H
#define AKLO_SITE_H

#define ENOEXEC 8	     /* asm-generic/errno-base.h */
#define CALL_NS 1000	     /* less than bash needs to leave one function and enter another */

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
 * How many innermost frames can be others than at the last reading. Bash takes CALL_NS and more to
 * enter a function, and all frames before a new one are those that were there. A subshell stays in
 * the functions in which it was forked. (What throws it out of them, as an error or SIGINT does,
 * ends it, and nothing but an EXIT trap runs then.)
 */
static __always_inline __u32 frames_to_read(const struct shell_state *shell, __u32 depth,
					    __u64 since_ns)
{
	__u32 limit = depth < STACK_FRAMES ? depth : STACK_FRAMES, count;

	if (!shell->stack || depth > STACK_FRAMES || shell->depth > STACK_FRAMES)
		return limit;
	if (!shell->text.is_trap && depth >= shell->forked_depth)
		limit = depth - shell->forked_depth;
	if (since_ns > (__u64)STACK_FRAMES * CALL_NS)
		return limit;
	count = (__u32)since_ns / CALL_NS + 1;
	return count < limit ? count : limit;
}

/* Nothing holds of what was read, nor of the functions in which the process was forked. */
static __always_inline void forget_stack(struct shell_state *shell)
{
	shell->names = 0;
	shell->stack = 0;
	shell->forked_depth = 0;
}

/* The arrays are not there: not yet, or no longer. */
static __always_inline void lose_stack(struct shell_state *shell, struct event *event)
{
	forget_stack(shell);
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
	shell->text = read_text(shell, depth);
	if (depth < shell->forked_depth && !shell->text.is_trap)
		shell->forked_depth = 0;
	if (depth)
		hash = hash_stack(shell, &shell->hashes, depth,
				  frames_to_read(shell, depth, since_ns), FOR_CALLS);
	if (!hash)
		shell->stack = 0;
	else if (hash != shell->hash || !shell->stack)
		shell->stack = stack_number(shell, hash, depth, FOR_CALLS);
	shell->hash = hash;
	shell->depth = depth;
	return true;
}

/* Note in an event where bash is. A shell that is starting up is nowhere. */
CHECKED_ALONE int note_site(struct task_state *state)
{
	struct shell_state *shell;
	struct event *event;
	__u64 since_ns;

	if (!state)
		return 0;
	shell = &state->shell;
	event = &state->event;
	if (shell->kind == SHELL_UNSEEN)
		find_shell(AS_READ(bpf_get_current_task_btf(), struct task_struct), shell);
	if (shell->kind == SHELL_UNSEEN) /* the reader clears this if it was no shell */
		event->flags |= EVENT_SITE_UNKNOWN;
	if (shell->kind != SHELL_BASH)
		return 0;
	if (!shell->names && !find_arrays(shell)) {
		lose_stack(shell, event);
		return 0;
	}
	since_ns = bpf_ktime_get_boot_ns() - shell->left_ns;
	if (!is_same_stack(shell, since_ns) && !identify_stack(shell, since_ns)) {
		lose_stack(shell, event);
		return 0;
	}
	if (shell->depth && !shell->stack) {
		event->flags |= EVENT_SITE_UNKNOWN;
		return 0;
	}
	event->stack = shell->stack;
	peek(&event->line, sizeof(event->line), shell->line_number);
	if (is_relative(shell, shell->text, shell->depth, event->line))
		event->flags |= EVENT_LINE_RELATIVE;
	return 0;
}

/*
 * What bash does from now on it does outside calls. When the file that it executes is no program, it
 * is a script, and bash begins anew in the same memory.
 */
static __always_inline void leave_site(struct task_state *state)
{
	if (state->shell.kind != SHELL_BASH)
		return;
	state->shell.left_ns = bpf_ktime_get_boot_ns();
	if (state->event.ret == -ENOEXEC) {
		forget_stack(&state->shell);
		state->shell.names_name = 0;
	}
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
