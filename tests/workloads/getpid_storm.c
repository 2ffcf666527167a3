/* Makes a known number of calls: getpid_storm PROCESSES CALLS. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long processes = argc > 1 ? atol(argv[1]) : 1;
	long calls = argc > 2 ? atol(argv[2]) : 1;

	for (long i = 0; i < processes; i++) {
		if (fork())
			continue;
		for (long j = 0; j < calls; j++)
			syscall(SYS_getpid);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
