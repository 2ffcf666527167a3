/* Its first thread ends, and another one goes on until standard input ends: says "thread" and that
 * one's number, then opens "beside", makes a child, and exits with status 3. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rests.h"

static void *goes_on(void *unused)
{
	char byte;

	while (!rests(getpid()))
		usleep(1000);
	dprintf(STDOUT_FILENO, "thread %d\n", gettid());
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	close(open("beside", O_RDONLY));
	if (!fork())
		_exit(7);
	wait(NULL);
	exit(3);
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, goes_on, NULL);
	pthread_exit(NULL);
}
