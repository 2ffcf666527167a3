/* Lives and ends as it is told:
 *
 *   lifetime exit N | signal N | touch MIB | spin MS [THREADS] | in-kernel MS
 *
 * Prints its own CPU time in microseconds, if it lives that long.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static long cpu_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static void *spin(void *ms)
{
	while (cpu_us(CLOCK_THREAD_CPUTIME_ID) < (long)ms * 1000)
		for (volatile int i = 0; i < 100000; i++)
			;
	return NULL;
}

static void spin_in_threads(long ms, int threads)
{
	pthread_t made[64];

	for (int i = 1; i < threads && i < 64; i++)
		pthread_create(&made[i], NULL, spin, (void *)ms);
	spin((void *)ms);
	for (int i = 1; i < threads && i < 64; i++)
		pthread_join(made[i], NULL);
}

static void work_in_kernel(long ms)
{
	char *memory = malloc(1 << 20);
	FILE *zero = fopen("/dev/zero", "r");

	setvbuf(zero, NULL, _IONBF, 0);
	while (cpu_us(CLOCK_PROCESS_CPUTIME_ID) < ms * 1000)
		if (fread(memory, 1 << 20, 1, zero) != 1)
			exit(1);
}

int main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;
	struct rlimit core;
	char *memory;

	if (!strcmp(how, "exit"))
		_exit(n);
	if (!strcmp(how, "signal")) {
		getrlimit(RLIMIT_CORE, &core);
		core.rlim_cur = core.rlim_max;
		setrlimit(RLIMIT_CORE, &core);
		signal(n, SIG_DFL);
		raise(n);
	} else if (!strcmp(how, "touch")) {
		memory = mmap(NULL, n << 20, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		munmap(memory, n << 20);
	} else if (!strcmp(how, "spin")) {
		spin_in_threads(n, argc > 3 ? atoi(argv[3]) : 1);
	} else if (!strcmp(how, "in-kernel")) {
		work_in_kernel(n);
	}
	printf("%ld\n", cpu_us(CLOCK_PROCESS_CPUTIME_ID));
	return 0;
}
