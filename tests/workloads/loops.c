/* Processes that make calls until they are told to end: loops PROCESSES.
 *
 * Each writes one byte to a file of its own for each round, so that afterwards everybody can
 * see how many there were. A byte on standard input ends them all.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int *ended;

static void loop(const char *folder, long number)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%ld", folder, number);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	while (!*ended) {
		if (write(fd, "x", 1) != 1)
			_exit(1);
		usleep(200);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	long processes = argc > 2 ? atol(argv[2]) : 1;
	int status, failed = 0;
	char byte;

	ended = mmap(NULL, sizeof(*ended), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (long i = 0; i < processes; i++)
		if (!fork())
			loop(argv[1], i);
	printf("ready\n");
	fflush(stdout);
	if (read(0, &byte, 1) < 0)
		return 1;
	*ended = 1;
	while (wait(&status) > 0)
		failed |= status;
	return failed ? 1 : 0;
}
