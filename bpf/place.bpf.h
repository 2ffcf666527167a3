/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where an open file or a working directory lies: the names from it up to the root of its mount
 * namespace, each with a NUL. Few kinds of programs may ask the kernel's bpf_d_path().
 */
#ifndef AKLO_PLACE_H
#define AKLO_PLACE_H

#define NAME_BYTES 256	/* NAME_MAX and a NUL */
#define PLACE_STEPS 512 /* names and mounts that are passed on the way up */

enum { FIRST_PLACE, SECOND_PLACE, PLACES };

struct place_scratch {
	char text[PLACES][PATH_BYTES + NAME_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct place_scratch);
} place_scratches SEC(".maps");

static __always_inline struct place_scratch *the_places(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&place_scratches, &zero);
}

struct place_walk {
	struct dentry *dentry;
	struct vfsmount *mount;
	__u32 which;
	__u32 used;
};

/* Pass from the root of a mount to the directory that it is mounted on. */
static __always_inline bool leave_mount(struct place_walk *walk)
{
	__u32 offset = bpf_core_field_offset(struct mount, mnt);
	struct mount *mount = (void *)walk->mount - offset, *above = NULL;

	bpf_core_read(&above, sizeof(above), &mount->mnt_parent);
	if (!above || above == mount)
		return false;
	bpf_core_read(&walk->dentry, sizeof(walk->dentry), &mount->mnt_mountpoint);
	walk->mount = (void *)above + offset;
	return true;
}

static long take_name(__u32 index, void *context)
{
	struct place_walk *walk = context;
	struct place_scratch *places = the_places();
	struct dentry *dentry = walk->dentry, *root = NULL, *parent = NULL;
	struct vfsmount *mount = walk->mount;
	const unsigned char *name = NULL;
	long bytes;

	bpf_core_read(&root, sizeof(root), &mount->mnt_root);
	bpf_core_read(&parent, sizeof(parent), &dentry->d_parent);
	if (dentry == root || dentry == parent)
		return !leave_mount(walk);
	if (!places || walk->used >= PATH_BYTES)
		return 1;
	bpf_core_read(&name, sizeof(name), &dentry->d_name.name);
	bytes = bpf_probe_read_kernel_str(places->text[walk->which & 1] +
						  (walk->used & (PATH_BYTES - 1)),
					  NAME_BYTES, name);
	if (bytes <= 0)
		return 1;
	walk->used += bytes;
	walk->dentry = parent;
	return 0;
}

/* Put the names of a place into the scratch. Returns their bytes; 0 for the root, and for what
 * has no place, such as a pipe. One that is too long is left out. */
static __always_inline __u32 read_place(const struct path *path, __u32 which)
{
	struct place_walk walk = {.which = which};

	bpf_core_read(&walk.dentry, sizeof(walk.dentry), &path->dentry);
	bpf_core_read(&walk.mount, sizeof(walk.mount), &path->mnt);
	bpf_loop(PLACE_STEPS, take_name, &walk, 0);
	return walk.used < PATH_BYTES ? walk.used : 0;
}

#endif
