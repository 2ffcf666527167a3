/* Prints what a program inherits, one topic per argument:
 *
 *   inherited [-o FILE] TOPIC... [-- ARGUMENT...]
 *
 * Pids, and whatever else differs from run to run, are printed as relations.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define HIGHEST_DESCRIPTOR 4096
#define HIGHEST_LIMIT 16

extern char **environ;
static char **arguments;
static FILE *out;

static void print_bytes(const char *s)
{
	for (; *s; s++)
		if (*s > ' ' && *s < 127)
			fputc(*s, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*s);
	fputc('\n', out);
}

static void argv_topic(void)
{
	for (char **a = arguments; *a; a++)
		print_bytes(*a);
}

static void environ_topic(void)
{
	for (char **e = environ; *e; e++)
		print_bytes(*e);
}

static void cwd_topic(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/cwd", path, sizeof(path) - 1);

	path[n < 0 ? 0 : n] = '\0';
	fprintf(out, "cwd %s, getcwd %s\n", path, getcwd(path, sizeof(path)) ? path : strerror(errno));
}

static void umask_topic(void)
{
	fprintf(out, "umask %04o\n", umask(0));
}

static void limits_topic(void)
{
	struct rlimit l;

	for (int i = 0; i < HIGHEST_LIMIT; i++)
		if (getrlimit(i, &l) == 0)
			fprintf(out, "limit %d %ld %ld\n", i, (long)l.rlim_cur, (long)l.rlim_max);
}

static void descriptors_topic(void)
{
	for (int fd = 0; fd < HIGHEST_DESCRIPTOR; fd++) {
		struct stat st;

		if ((out != stdout && fd == fileno(out)) || fstat(fd, &st) != 0)
			continue;
		fprintf(out, "fd %d kind %o flags %o descriptor-flags %d offset %ld\n", fd,
			st.st_mode & S_IFMT, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD),
			S_ISREG(st.st_mode) ? (long)lseek(fd, 0, SEEK_CUR) : -1);
	}
}

static void signals_topic(void)
{
	sigset_t blocked, pending;
	struct sigaction action;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	for (int n = 1; n <= SIGRTMAX; n++) {
		if (sigaction(n, NULL, &action) != 0)
			continue;
		if (sigismember(&blocked, n))
			fprintf(out, "%d blocked\n", n);
		if (sigismember(&pending, n))
			fprintf(out, "%d pending\n", n);
		if (action.sa_handler == SIG_IGN)
			fprintf(out, "%d ignored\n", n);
		if (action.sa_flags & ~0x04000000) /* SA_RESTORER */
			fprintf(out, "%d flags %x\n", n, action.sa_flags);
	}
}

static void ids_topic(void)
{
	uid_t r, e, s;
	gid_t groups[256];
	int n = getgroups(256, groups);

	getresuid(&r, &e, &s);
	fprintf(out, "uid %d %d %d", r, e, s);
	getresgid(&r, &e, &s);
	fprintf(out, " gid %d %d %d groups", r, e, s);
	for (int i = 0; i < n; i++)
		fprintf(out, " %d", groups[i]);
	fputc('\n', out);
}

static void job_topic(void)
{
	fprintf(out, "group of parent %d, session of parent %d\n", getpgrp() == getpgid(getppid()),
		getsid(0) == getsid(getppid()));
	for (int fd = 0; fd < 3; fd++)
		fprintf(out, "fd %d tty %d foreground %d\n", fd, isatty(fd),
			isatty(fd) && tcgetpgrp(fd) == getpgrp());
}

static void scheduling_topic(void)
{
	fprintf(out, "nice %d ionice %ld\n", getpriority(PRIO_PROCESS, 0),
		syscall(SYS_ioprio_get, 1, 0));
}

static void process_topic(void)
{
	int death = 0;

	prctl(PR_GET_PDEATHSIG, &death);
	fprintf(out, "dumpable %d keepcaps %d nnp %d death-signal %d timerslack %d no-thp %d\n",
		prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
		death, prctl(PR_GET_TIMERSLACK), prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

static void timers_topic(void)
{
	struct itimerval t;

	for (int i = 0; i < 3; i++) {
		getitimer(i, &t);
		fprintf(out, "timer %d armed %d interval %ld\n", i,
			t.it_value.tv_sec || t.it_value.tv_usec, t.it_interval.tv_sec);
	}
}

static const struct {
	const char *name;
	void (*print)(void);
} topics[] = {
	{ "argv", argv_topic },		{ "environ", environ_topic },
	{ "cwd", cwd_topic },		{ "umask", umask_topic },
	{ "limits", limits_topic },	{ "descriptors", descriptors_topic },
	{ "signals", signals_topic },	{ "ids", ids_topic },
	{ "job", job_topic },		{ "scheduling", scheduling_topic },
	{ "process", process_topic },	{ "timers", timers_topic },
};

int main(int argc, char **argv)
{
	int first = 1;

	arguments = argv;
	out = stdout;
	if (argc > 2 && strcmp(argv[1], "-o") == 0) {
		out = fopen(argv[2], "we");
		first = 3;
	}
	if (!out)
		return 2;
	for (int i = first; i < argc && strcmp(argv[i], "--") != 0; i++)
		for (size_t t = 0; t < sizeof(topics) / sizeof(*topics); t++)
			if (strcmp(argv[i], topics[t].name) == 0)
				topics[t].print();
	return fclose(out) ? 3 : 0;
}
