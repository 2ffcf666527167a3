/* Executes a command in a state that a shell can't make:
 *
 *   prepared [block=N] [raise=N] [ignore=N] [alarm=SECONDS] [death-signal=N]
 *            [environ=ENTRY]... -- COMMAND ARGUMENT...
 *
 * raise sends a signal to itself, which is pending if it is blocked. With environ, the
 * entries given are the whole environment, byte by byte. COMMAND is a path.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#define MOST_ENTRIES 64

extern char **environ;

static const char *value_of(const char *argument, const char *name)
{
	size_t n = strlen(name);

	return strncmp(argument, name, n) == 0 && argument[n] == '=' ? argument + n + 1 : NULL;
}

static void block(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	char *entries[MOST_ENTRIES] = { 0 };
	int count = 0, i;
	const char *v;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if ((v = value_of(argv[i], "block")))
			block(atoi(v));
		else if ((v = value_of(argv[i], "raise")))
			raise(atoi(v));
		else if ((v = value_of(argv[i], "ignore")))
			signal(atoi(v), SIG_IGN);
		else if ((v = value_of(argv[i], "alarm")))
			alarm(atoi(v));
		else if ((v = value_of(argv[i], "death-signal")))
			prctl(PR_SET_PDEATHSIG, atoi(v));
		else if ((v = value_of(argv[i], "environ")) && count < MOST_ENTRIES - 1)
			entries[count++] = (char *)v;
		else
			return 2;
	}
	if (i + 1 >= argc)
		return 2;
	execve(argv[i + 1], argv + i + 1, count ? entries : environ);
	perror(argv[i + 1]);
	return 1;
}
