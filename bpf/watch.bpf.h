/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Programs that are traced whenever somebody starts them: recognised at exec by the base name of
 * the file or, for a shell, of the script that it is to run. Each begins a tree of its own.
 */
#ifndef AKLO_WATCH_H
#define AKLO_WATCH_H

#define GLOB_STEPS (PATTERN_BYTES * WATCHED_BYTES)
#define ARGUMENTS 16 /* of a shell that are looked at for its script */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PATTERNS);
	__type(key, __u32);
	__type(value, struct pattern);
} patterns SEC(".maps");

/* User space is told of each tree that begins: there is room for as many as can live. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* the loader makes it BEGINNINGS_BYTES to watch */
} beginnings SEC(".maps");

/* Room for the name that is compared, and to tell of a tree. */
struct watch_scratch {
	char name[PATH_BYTES];
	char word[PATH_BYTES];
	struct beginning beginning;
	char place[PATH_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct watch_scratch);
} watch_scratches SEC(".maps");

static __always_inline struct watch_scratch *the_watch_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&watch_scratches, &zero);
}

/* A comparison of the name in the scratch with a pattern. The last * can take more or less. */
struct glob {
	__u32 pattern;	/* which */
	__u32 at;	/* in the pattern */
	__u32 name_at;
	__u32 star;	/* behind the last *; 0: none yet */
	__u32 star_name_at;
	__u32 matches;
};

static long match_character(__u32 index, void *context)
{
	struct glob *glob = context;
	struct watch_scratch *scratch = the_watch_scratch();
	struct pattern *pattern = bpf_map_lookup_elem(&patterns, &glob->pattern);
	char wanted, found;

	if (!scratch || !pattern || glob->at >= PATTERN_BYTES || glob->name_at >= WATCHED_BYTES)
		return 1;
	wanted = pattern->text[glob->at & (PATTERN_BYTES - 1)];
	found = scratch->name[glob->name_at & (WATCHED_BYTES - 1)];
	if (wanted == '*') {
		glob->star = ++glob->at;
		glob->star_name_at = glob->name_at;
		return 0;
	}
	if (!found) {
		glob->matches = !wanted;
		return 1;
	}
	if (wanted == found || wanted == '?') {
		glob->at++;
		glob->name_at++;
		return 0;
	}
	if (!glob->star)
		return 1;
	glob->at = glob->star;
	glob->name_at = ++glob->star_name_at;
	return 0;
}

struct match {
	__u32 kind; /* enum pattern_kind */
	bool found;
};

static long match_pattern(__u32 index, void *context)
{
	struct match *match = context;
	struct glob glob = {.pattern = index};
	struct pattern *pattern = bpf_map_lookup_elem(&patterns, &index);

	if (!pattern || pattern->kind == PATTERN_NONE)
		return 1;
	if (pattern->kind != match->kind)
		return 0;
	bpf_loop(GLOB_STEPS, match_character, &glob, 0);
	match->found = glob.matches;
	return match->found;
}

struct base_search {
	__u32 base; /* behind the last slash */
	__u32 end;
};

static long pass_character(__u32 index, void *context)
{
	struct base_search *search = context;
	struct watch_scratch *scratch = the_watch_scratch();
	char found;

	if (!scratch || index >= PATH_BYTES)
		return 1;
	found = scratch->word[index & (PATH_BYTES - 1)];
	if (!found)
		return 1;
	if (found == '/')
		search->base = index + 1;
	return 0;
}

/* Whether the base name of the path in scratch->word is one of that kind. */
static __noinline bool is_known(__u32 kind)
{
	struct watch_scratch *scratch = the_watch_scratch();
	struct match match = {.kind = kind};
	struct base_search search = {};

	if (!scratch)
		return false;
	bpf_loop(PATH_BYTES, pass_character, &search, 0);
	if (bpf_probe_read_kernel_str(scratch->name, WATCHED_BYTES,
				      scratch->word + (search.base & (PATH_BYTES - 1))) <= 0)
		return false;
	bpf_loop(PATTERNS, match_pattern, &match, 0);
	return match.found;
}

/* The words behind a shell's name, up to the script. */
struct script_search {
	__u64 next;
	__u64 end;
	bool is_value; /* of the option before */
	bool is_last;  /* the next word is no option */
	bool found;
};

/* --rcfile and --init-file, which take the next word. */
static __always_inline bool takes_word(const char *option)
{
	return option[1] == '-' &&
	       ((option[2] == 'r' && option[3] == 'c') || option[2] == 'i');
}

static long pass_argument(__u32 index, void *context)
{
	struct script_search *search = context;
	struct watch_scratch *scratch = the_watch_scratch();
	long bytes;

	if (!scratch || search->next >= search->end)
		return 1;
	bytes = bpf_probe_read_user_str(scratch->word, PATH_BYTES, (void *)search->next);
	if (bytes <= 0)
		return 1;
	search->next += bytes;
	if (!index) /* argv[0] */
		return 0;
	if (search->is_value) {
		search->is_value = false;
		return 0;
	}
	if (search->is_last || (scratch->word[0] != '-' && scratch->word[0] != '+')) {
		search->found = true;
		return 1;
	}
	if (scratch->word[0] == '-' && scratch->word[1] == '-' && !scratch->word[2]) {
		search->is_last = true;
		return 0;
	}
	search->is_value = takes_word(scratch->word);
	for (int i = 1; i < 8 && scratch->word[1] != '-' && scratch->word[i]; i++) {
		if (scratch->word[i] == 'c' || scratch->word[i] == 's')
			return 1; /* the code is in the arguments, or on standard input */
		if (scratch->word[i] == 'o' || scratch->word[i] == 'O')
			search->is_value = true; /* its name, also behind other letters */
	}
	return 0;
}

/* Whether the program that a task has just executed is one that is waited for. */
static __always_inline bool is_watched(struct task_struct *task, struct linux_binprm *bprm)
{
	struct watch_scratch *scratch = the_watch_scratch();
	struct script_search search = {};

	if (!scratch ||
	    bpf_probe_read_kernel_str(scratch->word, PATH_BYTES, bprm->filename) <= 0)
		return false;
	if (is_known(PATTERN_WATCHED))
		return true;
	if (!is_known(PATTERN_SHELL))
		return false;
	search.next = task->mm->arg_start;
	search.end = task->mm->arg_end;
	bpf_loop(ARGUMENTS, pass_argument, &search, 0);
	return search.found && is_known(PATTERN_WATCHED);
}

/* A search for a free place for a tree. */
struct slot_search {
	__u32 serial;
	__u32 slot; /* 0: none was found */
};

static long take_slot(__u32 index, void *context)
{
	struct slot_search *search = context;
	__u32 slot = 1 + (search->serial + index) % (ROOTS - 1);
	struct root *root = bpf_map_lookup_elem(&trees, &slot);

	if (!root || __sync_val_compare_and_swap(&root->serial, 0, search->serial))
		return 0;
	root->attempts = 0;
	root->live = root->processes = 1;
	search->slot = slot;
	return 1;
}

static __always_inline __u32 take_root(__u32 serial)
{
	struct slot_search search = {.serial = serial};

	bpf_loop(ROOTS - 1, take_slot, &search, 0);
	return search.slot;
}

static __always_inline void give_back(__u32 slot)
{
	struct root *root = bpf_map_lookup_elem(&trees, &slot);

	if (root)
		__sync_lock_test_and_set(&root->serial, 0);
}

static __always_inline void lose_tree(void)
{
	struct counters *counters = count_here();

	if (counters)
		__sync_fetch_and_add(&counters->trees_lost, 1);
}

static __always_inline bool tell_beginning(struct task_struct *task, struct task_state *state)
{
	struct watch_scratch *scratch = the_watch_scratch();
	struct place_scratch *places = the_places();
	struct beginning *beginning;
	__u32 bytes;

	if (!scratch || !places || !task->fs)
		return false;
	beginning = &scratch->beginning;
	__builtin_memset(beginning, 0, sizeof(*beginning));
	beginning->serial = state->root;
	beginning->slot = state->root_slot;
	beginning->pid = task->tgid;
	beginning->ppid = task->real_parent->tgid;
	beginning->uid = task->cred->euid.val;
	beginning->ts_ns = bpf_ktime_get_boot_ns();
	identify_directory(task->fs->pwd.dentry, &beginning->cwd);
	bytes = read_place(&task->fs->pwd, FIRST_PLACE) & (PATH_BYTES - 1);
	bpf_probe_read_kernel(scratch->place, bytes, places->text[0]);
	beginning->bytes = bytes;
	return !bpf_ringbuf_output(&beginnings, beginning, sizeof(*beginning) + bytes,
				   BPF_RB_NO_WAKEUP);
}

/* Begin a tree with the task that has just executed a program, if it is one that is waited for. */
static __always_inline struct task_state *begin_root(struct task_struct *task,
						     struct linux_binprm *bprm)
{
	struct control *control = the_control();
	struct task_state *state;

	if (!control || control->stopped || !is_watched(task, bprm))
		return NULL;
	if (config.watched_uid != ANY_USER && task->cred->euid.val != config.watched_uid)
		return NULL;
	state = bpf_task_storage_get(&tasks, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state) {
		lose_task();
		return NULL;
	}
	state->root = __sync_fetch_and_add(&control->next_proc_id, 1);
	state->root_slot = take_root(state->root);
	if (!state->root_slot)
		goto lost;
	state->mark.proc_id = state->root_slot << ROOT_PROCESS_BITS | 1;
	state->run_delay_before_ns = run_delay(task);
	state->on_cpu_since_ns = bpf_ktime_get_boot_ns();
	if (!tell_beginning(task, state)) {
		give_back(state->root_slot);
		goto lost;
	}
	__sync_fetch_and_add(&control->live_processes, 1);
	__sync_fetch_and_add(&control->live_tasks, 1);
	return state;
lost:
	bpf_task_storage_delete(&tasks, task);
	lose_tree();
	return NULL;
}

#endif
