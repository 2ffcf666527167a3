/* Makes a call that never returns, in a child that is killed within it:
 *
 *   endless_calls read|nanosleep|pause|exit|exit_group
 *
 * Prints the child's pid. The parent kills it once it is asleep in the call.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "rests.h"

static int wait_pipe[2];

static void endless(const char *name)
{
	struct timespec day = { .tv_sec = 86400 };
	char byte;

	if (!strcmp(name, "read"))
		syscall(SYS_read, wait_pipe[0], &byte, 1);
	else if (!strcmp(name, "nanosleep"))
		syscall(SYS_nanosleep, &day, NULL);
	else if (!strcmp(name, "pause"))
		syscall(SYS_pause);
	else if (!strcmp(name, "exit"))
		syscall(SYS_exit, 4);
	else
		syscall(SYS_exit_group, 4);
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc != 2 || pipe(wait_pipe))
		return 1;
	pid = fork();
	if (!pid) {
		endless(argv[1]);
		_exit(1);
	}
	printf("child %d\n", pid);
	while (!rests(pid))
		usleep(1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
