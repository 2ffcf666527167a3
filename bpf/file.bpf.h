/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Which file a descriptor means, and which paths a call names. */
#ifndef AKLO_FILE_H
#define AKLO_FILE_H

#define S_IFMT 0170000
#define S_IFREG 0100000
#define O_APPEND 02000
#define INODE_BITS 32 /* enough for those of files that share one */
#define AT_FDCWD (-100)

/* What a task has open. */
struct holdings {
	struct files_struct *files;
	struct fs_struct *fs;
};

#ifdef AKLO_BCC
#include "untold.bpf.h"
#else
/* The verifier lets nobody reckon with a pointer; a copy of it is a number. */
static __always_inline __u32 mix_pointer(const void *pointer)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), &pointer);
	return value * 0x9e3779b97f4a7c15ULL >> 32;
}

static __always_inline void identify_inode(struct inode *inode, struct identity *identity)
{
	struct super_block *sb = NULL;
	unsigned long number = 0;
	__u32 dev = 0, generation = 0;
	__u16 mode = 0;

	READ_FIELD(sb, inode, i_sb);
	READ_FIELD(number, inode, i_ino);
	READ_FIELD(mode, inode, i_mode);
	READ_FIELD(generation, inode, i_generation);
	READ_FIELD(dev, sb, s_dev);
	identity->inode = number;
	identity->mode = mode;
	identity->dev = dev;
	identity->instance = generation ^ generation >> 16;
}

/* Files that share one inode are told apart by what they are, and where. */
static __always_inline void identify_file(struct file *file, struct identity *identity)
{
	struct inode *inode = NULL;
	const void *operations = NULL;

	READ_FIELD(inode, file, f_inode);
	identify_inode(inode, identity);
	if (identity->dev == config.anonymous_dev) {
		READ_FIELD(operations, file, f_op);
		identity->instance = mix_pointer(operations);
		identity->inode |= (__u64)(mix_pointer(file) >> 1) << INODE_BITS;
		identity->mode &= ~S_IFMT; /* newer kernels call it a regular file */
	}
}

static __always_inline void identify_directory(struct dentry *dentry, struct identity *identity)
{
	struct inode *inode = NULL;

	READ_FIELD(inode, dentry, d_inode);
	identify_inode(inode, identity);
}

/*
 * The slot of a descriptor is an array element that BTF does not describe, but it can be taken
 * for the first element of the small array that files_struct begins with.
 */
static __always_inline struct file *file_of(struct files_struct *files, int fd)
{
	struct fdtable *fdt = files->fdt;
	struct files_struct *slot;
	struct file *file = NULL;

	if (fd < 0 || (unsigned int)fd >= fdt->max_fds)
		return NULL;
	if (config.direct) {
		slot = bpf_rdonly_cast((void *)(fdt->fd + fd) -
					       bpf_core_field_offset(struct files_struct, fd_array),
				       bpf_core_type_id_kernel(struct files_struct));
		return slot->fd_array[0];
	}
	bpf_probe_read_kernel(&file, sizeof(file), fdt->fd + fd);
	return file;
}

static __always_inline bool identify_fd(struct files_struct *files, int fd,
					struct identity *identity)
{
	struct file *file = file_of(files, fd);

	if (!file)
		return false;
	identify_file(file, identity);
	return true;
}

static __always_inline void set_identity(struct event *event, const struct identity *identity)
{
	event->inode = identity->inode;
	event->dev = identity->dev;
	event->mode = identity->mode;
	event->instance = identity->instance;
	event->flags |= EVENT_HAS_IDENTITY;
}

/* Note the descriptor that a call works on or returned, and the file behind it. */
static __always_inline void note_fd(struct files_struct *files, struct event *event, int fd,
				    bool with_position)
{
	struct file *file = file_of(files, fd);
	struct identity identity = {};
	long long position = 0;
	unsigned int how = 0;

	event->fd = fd;
	event->flags |= EVENT_HAS_FD;
	if (!file)
		return;
	identify_file(file, &identity);
	set_identity(event, &identity);
	if (with_position && (identity.mode & S_IFMT) == S_IFREG) {
		READ_FIELD(how, file, f_flags);
		if (how & O_APPEND) /* a write moves it to the end first */
			return;
		READ_FIELD(position, file, f_pos);
		event->offset = position;
		event->flags |= EVENT_HAS_OFFSET;
	}
}

static __always_inline struct holdings holdings_here(void)
{
	struct task_struct *task = AS_READ(bpf_get_current_task_btf(), struct task_struct);

	return (struct holdings){.files = task->files, .fs = task->fs};
}

/* An absolute path starts from the task's root: say so where that is not the one of most. */
static __always_inline void note_root(struct fs_struct *fs, struct path_record *record, __u32 which)
{
	struct dentry *root = fs->root.dentry;
	__u32 zero = 0;
	__u64 *most = bpf_map_lookup_elem(&roots, &zero);

	if (!most)
		return;
	if (!*most)
		*most = (__u64)root;
	if (*most == (__u64)root)
		return;
	record->base[which] = BASE_ROOT;
	identify_directory(root, &record->identity[which]);
}

/* A relative path starts from a directory: the one of a descriptor, or the task's own. */
static __always_inline void note_directory(const struct holdings *held,
					   const struct task_state *state,
					   struct path_record *record, __u32 which, int dirfd)
{
	record->base[which] = BASE_DIRECTORY;
	if (dirfd == AT_FDCWD && state->mark.path_pending) /* the call may have changed it since */
		record->identity[which] = state->cwd_at_entry;
	else if (dirfd == AT_FDCWD)
		identify_directory(held->fs->pwd.dentry, &record->identity[which]);
	else
		identify_fd(held->files, dirfd, &record->identity[which]);
}

static __always_inline void keep_cwd(const struct holdings *held, struct task_state *state)
{
	identify_directory(held->fs->pwd.dentry, &state->cwd_at_entry);
}

#endif /* AKLO_BCC */

static __always_inline __u64 arg(const struct task_state *state, int index)
{
	return state->args[index & 7];
}

/*
 * Read path `which` of the call to text + used. Returns the bytes used by both paths so far,
 * or a negative error when the memory is not there (yet).
 */
CHECKED_ALONE long read_path(struct task_state *state, const struct syscall_spec *spec, __u32 which,
			     __u32 used)
{
	struct path_record *record = the_scratch();
	struct holdings held = holdings_here();
	const char *path;
	char *text, last = 0;
	long bytes = 0;
	int dirfd;

	if (!record || !state || !spec || which > 1 || used > PATH_BYTES)
		return 0;
	if (spec->path[which] == NO_ARGUMENT)
		return used;
	text = record->text + used;
	path = (const char *)arg(state, spec->path[which]);
	if (path)
		bytes = bpf_probe_read_user_str(text, PATH_BYTES, path);
	if (bytes < 0)
		return bytes;
	if (bytes >= PATH_BYTES) {
		bpf_probe_read_user(&last, 1, path + PATH_BYTES - 1);
		if (last)
			state->event.flags |= EVENT_PATH_TRUNCATED;
		bytes = PATH_BYTES;
	}
	dirfd = spec->dirfd[which] == NO_ARGUMENT ? AT_FDCWD : (int)arg(state, spec->dirfd[which]);
	if (bytes <= 1) { /* none, or "": the call works on the descriptor itself */
		if (dirfd != AT_FDCWD && !(state->event.flags & EVENT_HAS_FD))
			note_fd(held.files, &state->event, dirfd, false);
		return used;
	}
	record->bytes[which] = bytes;
	if (*text == '/')
		note_root(held.fs, record, which);
	else
		note_directory(&held, state, record, which, dirfd);
	return used + bytes;
}

/* Give the record a number, and hand it over if it says anything. */
static __always_inline void emit_paths(struct task_state *state, struct path_record *record,
				       __u64 used)
{
	struct counters *counters = count_here();

	if (!counters || used > 2 * PATH_BYTES)
		return;
	record->kind = RECORD_PATH;
	record->record_id = ((__u64)(bpf_get_smp_processor_id() + 1) << 40) |
			    counters->record_ids++;
	if (emit_record(record, sizeof(*record) + used, RECORD_PATH))
		state->event.record_id = record->record_id;
	else
		state->event.flags |= EVENT_PATH_LOST;
}

/*
 * Read the paths of the call under way and hand them over. A path whose page is not in memory
 * at entry is read again at exit, when the kernel has fetched it.
 */
CHECKED_ALONE int note_paths(struct task_state *state, const struct syscall_spec *spec, bool at_exit)
{
	struct path_record *record = the_scratch();
	struct holdings held = holdings_here();
	long used, first;

	if (!record || !state || !spec)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	first = read_path(state, spec, 0, 0);
	if (first < 0)
		goto unreadable;
	if (first > PATH_BYTES)
		return 0;
	used = read_path(state, spec, 1, first);
	if (used < 0)
		goto unreadable;
	state->mark.path_pending = false;
	if (spec->fd2 != NO_ARGUMENT)
		identify_fd(held.files, arg(state, spec->fd2), &record->identity[1]);
	if (used || record->identity[1].mode)
		emit_paths(state, record, used);
	return 0;
unreadable:
	state->mark.path_pending = !at_exit;
	if (at_exit)
		state->event.flags |= EVENT_PATH_UNREADABLE;
	else
		keep_cwd(&held, state);
	return 0;
}

/* The path of an exec that succeeded: the memory that held it is gone, but the kernel's copy is
 * still there. */
static __always_inline void note_exec_path(struct fs_struct *fs, struct task_state *state,
					   const char *filename)
{
	struct path_record *record = the_scratch();
	struct holdings held = {.fs = fs};
	long bytes;

	state->mark.path_pending = false;
	if (!record)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	bytes = bpf_probe_read_kernel_str(record->text, PATH_BYTES, filename);
	if (bytes <= 0 || bytes > PATH_BYTES)
		return;
	record->bytes[0] = bytes;
	if (*record->text == '/')
		note_root(fs, record, 0);
	else
		note_directory(&held, state, record, 0, AT_FDCWD);
	emit_paths(state, record, bytes);
}

#endif
