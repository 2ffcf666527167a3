/* Makes processes in one of the ways there are, and prints the pids it knows of:
 *
 *   family fork|vfork|clone3|thread|thread-exec|daemon|crowd
 *
 * Each line is a role and a number. The daemon lives until its standard input ends.
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rests.h"

#define CROWD 8

static void say(const char *role, long number)
{
	dprintf(STDOUT_FILENO, "%s %ld\n", role, number);
}

static void make_forked(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(7);
	say("child", pid);
	waitpid(pid, NULL, 0);
}

static void make_vforked(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execl("/bin/true", "vforked", NULL);
		_exit(127);
	}
	say("child", pid);
	waitpid(pid, NULL, 0);
}

static void make_cloned(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid) {
		syscall(SYS_getppid);
		_exit(9);
	}
	say("child", pid);
	waitpid(pid, NULL, 0);
}

static void *in_thread(void *unused)
{
	say("thread", gettid());
	access("/in/a/thread", F_OK);
	return NULL;
}

static void make_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
}

static void *exec_in_thread(void *unused)
{
	say("thread", gettid());
	while (!rests(getpid()))
		usleep(1000);
	execl("/bin/true", "from-a-thread", NULL);
	return NULL;
}

static void exec_from_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_in_thread, NULL);
	for (;;)
		pause();
}

static void *wait_for_the_end(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

/* Many processes of many threads that all end at the same moment. */
static void make_crowd(void)
{
	pthread_t thread;

	for (int i = 0; i < CROWD; i++) {
		if (fork())
			continue;
		for (int j = 0; j < CROWD; j++)
			pthread_create(&thread, NULL, wait_for_the_end, NULL);
		_exit(5);
	}
	while (wait(NULL) > 0)
		;
}

/* Forks twice and leaves the session, as daemons do; the target ends before it does. */
static void make_daemon(void)
{
	int ready[2];
	char byte;

	if (pipe(ready))
		exit(1);
	if (!fork()) {
		setsid();
		if (!fork()) {
			say("daemon", getpid());
			access("/in/the/daemon", F_OK);
			close(ready[1]);
			close(ready[0]);
			while (read(STDIN_FILENO, &byte, 1) > 0)
				;
			_exit(0);
		}
		say("middle", getpid());
		_exit(0);
	}
	close(ready[1]);
	while (read(ready[0], &byte, 1) > 0)
		;
	wait(NULL);
}

static const struct {
	const char *name;
	void (*make)(void);
} WAYS[] = {
	{ "fork", make_forked },
	{ "vfork", make_vforked },
	{ "clone3", make_cloned },
	{ "thread", make_thread },
	{ "thread-exec", exec_from_thread },
	{ "daemon", make_daemon },
	{ "crowd", make_crowd },
};

int main(int argc, char **argv)
{
	say("self", getpid());
	for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++)
		if (argc > 1 && !strcmp(argv[1], WAYS[i].name))
			WAYS[i].make();
	return 0;
}
