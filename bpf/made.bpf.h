/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Files that have no path, and directories that are entered: what is known of them when the call
 * returns that makes, addresses or enters them. Such calls are rare; all others never get here.
 */
#ifndef AKLO_MADE_H
#define AKLO_MADE_H

#define S_IFSOCK 0140000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define ADDRESS_LENGTH_MASK (FILE_TEXT_BYTES - 1)
#define SPEC_AT_EXIT                                                                               \
	(SPEC_RETURNS_FD | SPEC_MAKES_FILE | SPEC_CHANGES_CWD | SPEC_CHANGES_ROOT | SPEC_ADDRESSES)

/* As in <netinet/in.h> and <linux/netlink.h>. */
struct inet_address {
	__u16 family;
	__u16 port; /* in network order */
	__u32 address;
};

struct inet6_address {
	__u16 family;
	__u16 port;
	__u32 flow;
	struct in6_addr address;
};

struct netlink_address {
	__u16 family;
	__u16 zero;
	__u32 port;
};

#define FILE_RECORD_BYTES (sizeof(struct file_record) + 2 * FILE_TEXT_BYTES)

/* Which of a socket's addresses: the texts of struct file_record. */
enum socket_end { OWN, PEER };

static __always_inline void *text_of(struct file_record *record, enum socket_end end)
{
	return record->text + end * FILE_TEXT_BYTES;
}

static __always_inline void put_inet(struct sock *sk, struct file_record *record, enum socket_end end)
{
	struct inet_address *address = text_of(record, end);
	struct sock_common *common = &sk->__sk_common;

	address->family = AF_INET;
	if (end == OWN) {
		address->port = __builtin_bswap16(BPF_CORE_READ(common, skc_num));
		address->address = BPF_CORE_READ(common, skc_rcv_saddr);
	} else {
		address->port = BPF_CORE_READ(common, skc_dport);
		address->address = BPF_CORE_READ(common, skc_daddr);
	}
	if (address->port || address->address)
		record->bytes[end] = sizeof(*address);
}

static __always_inline void put_inet6(struct sock *sk, struct file_record *record,
				      enum socket_end end)
{
	struct inet6_address *address = text_of(record, end);
	struct sock_common *common = &sk->__sk_common;

	address->family = AF_INET6;
	if (end == OWN) {
		address->port = __builtin_bswap16(BPF_CORE_READ(common, skc_num));
		BPF_CORE_READ_INTO(&address->address, common, skc_v6_rcv_saddr);
	} else {
		address->port = BPF_CORE_READ(common, skc_dport);
		BPF_CORE_READ_INTO(&address->address, common, skc_v6_daddr);
	}
	if (address->port)
		record->bytes[end] = sizeof(*address);
}

static __always_inline void put_unix(struct sock *sk, struct file_record *record,
				     enum socket_end end)
{
	struct unix_address *name;
	__u32 length;

	if (!bpf_core_type_exists(struct unix_sock))
		return;
	if (end == PEER)
		sk = BPF_CORE_READ((struct unix_sock *)sk, peer);
	name = sk ? BPF_CORE_READ((struct unix_sock *)sk, addr) : NULL;
	if (!name)
		return;
	length = BPF_CORE_READ(name, len) & ADDRESS_LENGTH_MASK;
	if (!bpf_probe_read_kernel(text_of(record, end), length, name->name))
		record->bytes[end] = length;
}

/* The peer of a netlink socket is the kernel, nearly always. */
static __always_inline void put_netlink(struct sock *sk, struct file_record *record)
{
	struct netlink_address *address = text_of(record, OWN);

	if (!bpf_core_type_exists(struct netlink_sock))
		return;
	address->family = AF_NETLINK;
	address->port = BPF_CORE_READ((struct netlink_sock *)sk, portid);
	if (address->port)
		record->bytes[OWN] = sizeof(*address);
}

static __always_inline void put_end(struct sock *sk, struct file_record *record, enum socket_end end)
{
	switch (BPF_CORE_READ(sk, __sk_common.skc_family)) {
	case AF_UNIX:
		put_unix(sk, record, end);
		break;
	case AF_INET:
		put_inet(sk, record, end);
		break;
	case AF_INET6:
		put_inet6(sk, record, end);
		break;
	case AF_NETLINK:
		if (end == OWN)
			put_netlink(sk, record);
		break;
	}
}

/* The address that a call gave, where the socket does not have it: it failed, or is for one
 * message only. */
static __always_inline void put_given(const struct task_state *state,
				      const struct syscall_spec *spec, struct file_record *record)
{
	const void *given = (const void *)arg(state, spec->address);
	enum socket_end end = spec->flags & SPEC_BINDS ? OWN : PEER;
	__u64 length = arg(state, spec->address + 1);

	if (!given || !length || length >= FILE_TEXT_BYTES || record->bytes[end])
		return;
	length &= ADDRESS_LENGTH_MASK;
	if (!bpf_probe_read_user(text_of(record, end), length, given))
		record->bytes[end] = length;
}

static __always_inline struct file_record *begin_file(struct file *file,
						      const struct task_state *state, __u32 flags)
{
	struct file_record *record = the_scratch();

	if (!record)
		return NULL;
	__builtin_memset(record, 0, FILE_RECORD_BYTES);
	record->kind = RECORD_FILE;
	record->flags = flags;
	record->ts_ns = state->event.start_ns;
	identify_file(file, &record->identity);
	return record;
}

/* Tell of the file behind a descriptor. */
static __always_inline void tell_file(struct files_struct *files, const struct task_state *state,
				      const struct syscall_spec *spec, int fd, __u32 flags)
{
	struct file *file = file_of(files, fd);
	struct file_record *record;
	struct socket *socket;
	struct sock *sk;
	long bytes;

	if (!file)
		return;
	record = begin_file(file, state, flags);
	if (!record)
		return;
	if ((record->identity.mode & S_IFMT) == S_IFSOCK) {
		record->flags |= FILE_SOCKET;
		socket = BPF_CORE_READ(file, private_data);
		sk = BPF_CORE_READ(socket, sk);
		if (sk) {
			put_end(sk, record, OWN);
			put_end(sk, record, PEER);
		}
		if (spec->address != NO_ARGUMENT)
			put_given(state, spec, record);
	} else {
		bytes = bpf_probe_read_kernel_str(text_of(record, OWN), FILE_TEXT_BYTES,
						  BPF_CORE_READ(file, f_path.dentry, d_name.name));
		record->bytes[0] = bytes > 0 ? bytes - 1 : 0;
	}
	emit_record(record, FILE_RECORD_BYTES, RECORD_FILE);
}

/* A call that named one file and returned a descriptor of another, as accept(2) does. */
static __always_inline void note_second(struct files_struct *files, struct task_state *state, int fd)
{
	struct path_record *record = the_scratch();

	if (!record || state->event.record_id)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	if (identify_fd(files, fd, &record->identity[1]))
		emit_paths(state, record, 0);
}

static __always_inline void note_pair(struct files_struct *files, struct task_state *state,
				      const struct syscall_spec *spec)
{
	int pair[2];

	if (bpf_probe_read_user(pair, sizeof(pair), (const void *)arg(state, spec->pair)))
		return;
	note_fd(files, &state->event, pair[0], false);
	tell_file(files, state, spec, pair[0], FILE_NEW);
	if ((state->event.mode & S_IFMT) == S_IFIFO) /* both ends are one file */
		return;
	tell_file(files, state, spec, pair[1], FILE_NEW);
	note_second(files, state, pair[1]);
}

static __always_inline bool is_terminal(__u32 rdev)
{
	__u32 major = rdev >> 20; /* admin-guide/devices.txt */

	return major == 4 || major == 5 || major == 204 || major == 229 ||
	       (major >= 136 && major <= 143);
}

/* Character devices of a few numbers are terminals, by whatever name they are opened. */
static __always_inline void note_terminal(struct files_struct *files,
					  const struct task_state *state, int fd)
{
	struct file *file = file_of(files, fd);
	struct file_record *record;

	if (!file || !is_terminal(BPF_CORE_READ(file, f_inode, i_rdev)))
		return;
	record = begin_file(file, state, FILE_TERMINAL);
	if (record)
		emit_record(record, FILE_RECORD_BYTES, RECORD_FILE);
}

static __always_inline void note_returned(struct files_struct *files, struct task_state *state,
					  const struct syscall_spec *spec, int fd)
{
	bool second = state->event.flags & EVENT_HAS_FD && state->event.fd >= 0;

	if (second && state->event.fd == fd) /* signalfd(2) of one that was there */
		return;
	if (!second)
		note_fd(files, &state->event, fd, false);
	if (state->at_exit & SPEC_MAKES_FILE)
		tell_file(files, state, spec, fd, FILE_NEW);
	if (second)
		note_second(files, state, fd);
	else if ((state->event.mode & S_IFMT) == S_IFCHR)
		note_terminal(files, state, fd);
}

/* The directory that a call has entered is the file that it worked on. */
static __always_inline void note_entered(struct task_state *state, struct dentry *directory)
{
	struct identity identity = {};

	identify_directory(directory, &identity);
	set_identity(&state->event, &identity);
}

static __always_inline void note_result(const struct holdings *held, struct task_state *state,
					const struct syscall_spec *spec, long ret)
{
	__u16 what = state->at_exit;

	if (what & SPEC_ADDRESSES)
		tell_file(held->files, state, spec, state->event.fd, 0);
	if (ret < 0)
		return;
	if (what & SPEC_RETURNS_FD)
		note_returned(held->files, state, spec, ret);
	else if (what & SPEC_MAKES_FILE)
		note_pair(held->files, state, spec);
	else if (what & SPEC_CHANGES_CWD)
		note_entered(state, held->fs->pwd.dentry);
	else if (what & SPEC_CHANGES_ROOT)
		note_entered(state, held->fs->root.dentry);
}

#endif
