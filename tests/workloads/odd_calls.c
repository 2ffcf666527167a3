/* Calls that a tracer may trip over; prints the number of each line's call and its result. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void ignore(int signo)
{
}

static void catch_alarm(int flags)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = flags };
	struct itimerval soon = { .it_value = { .tv_usec = 20000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
}

static void say(const char *name, long result)
{
	dprintf(STDOUT_FILENO, "%s %ld %d\n", name, result, result < 0 ? errno : 0);
}

int main(void)
{
	struct timespec while_ = { .tv_nsec = 200000000 };
	int wait_pipe[2];
	char byte;

	say("unknown", syscall(505));
	say("unknown", syscall(100000));
	say("unknown", syscall(-1));
	say("access", syscall(SYS_access, (char *)8, F_OK));
	say("openat", syscall(SYS_openat, AT_FDCWD, (char *)-8L, O_RDONLY));
	say("close", syscall(SYS_close, -1));
	say("close", syscall(SYS_close, 4711));
	if (pipe(wait_pipe))
		return 1;
	catch_alarm(0);
	say("nanosleep", syscall(SYS_nanosleep, &while_, NULL));
	catch_alarm(0);
	say("read", syscall(SYS_read, wait_pipe[0], &byte, 1));
	if (!fork()) {
		usleep(100000);
		_exit(write(wait_pipe[1], "x", 1) != 1);
	}
	catch_alarm(SA_RESTART);
	say("restarted", syscall(SYS_read, wait_pipe[0], &byte, 1));
	return 0;
}
