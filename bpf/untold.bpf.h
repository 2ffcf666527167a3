/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* No file is told from another without kernel structs, and no place in a shell is found. */
#ifndef AKLO_UNTOLD_H
#define AKLO_UNTOLD_H

#define SPEC_AT_EXIT (SPEC_RETURNS_FD | SPEC_MAKES_FILE)

static __always_inline void note_fd(struct files_struct *files, struct event *event, int fd,
				    bool with_position)
{
	event->fd = fd;
	event->flags |= EVENT_HAS_FD;
}

static __always_inline struct holdings holdings_here(void)
{
	return (struct holdings){}; /* not known */
}

static __always_inline void note_root(struct fs_struct *fs, struct path_record *record, __u32 which)
{
}

static __always_inline void keep_cwd(const struct holdings *held, struct task_state *state)
{
}

static __always_inline void note_directory(const struct holdings *held,
					   const struct task_state *state,
					   struct path_record *record, __u32 which, int dirfd)
{
	record->base[which] = dirfd == AT_FDCWD ? BASE_CWD : BASE_DIRECTORY;
}

static __always_inline bool identify_fd(struct files_struct *files, int fd,
					struct identity *identity)
{
	return false;
}

/* What is left to note when a call returns: the descriptor, or the first of two. */
static __always_inline void note_result(const struct holdings *held, struct task_state *state,
					const struct syscall_spec *spec, long ret)
{
	int fd = ret;

	if (ret < 0 || state->event.flags & EVENT_HAS_FD)
		return;
	if (state->at_exit & SPEC_RETURNS_FD ||
	    !bpf_probe_read_user(&fd, sizeof(fd), (const void *)state->args[spec->pair & 7]))
		note_fd(held->files, &state->event, fd, false);
}

static __always_inline void note_site(struct task_state *state)
{
}

static __always_inline void inherit_shell(struct task_state *to, const struct task_state *from)
{
}

#endif
