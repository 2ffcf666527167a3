/* Prints the number of each signal that it takes, and who sent it as far as that is known:
 * "kernel", "parent" or "other". Ends at SIGRTMAX.
 *
 * Every signal is blocked, and taken one after the other in the order of their numbers.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	sigset_t every;
	siginfo_t info;

	sigfillset(&every);
	sigprocmask(SIG_BLOCK, &every, NULL);
	setlinebuf(stdout);
	puts("ready");
	for (;;) {
		if (sigwaitinfo(&every, &info) < 0)
			continue;
		if (info.si_signo == SIGRTMAX)
			return 0;
		printf("%d %s\n", info.si_signo,
		       info.si_code == SI_KERNEL ? "kernel" :
		       info.si_pid == getppid() ? "parent" : "other");
	}
}
