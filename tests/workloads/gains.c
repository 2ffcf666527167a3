/* Says by which ids it runs, and whether it may read the file that is named: of its own, and in a
 * child. A setuid program that is not given its privilege says so.
 *
 *   gains FILE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *path)
{
	uid_t real, effective, saved;
	int fd = open(path, O_RDONLY);

	getresuid(&real, &effective, &saved);
	dprintf(STDOUT_FILENO, "ids %d %d %d\nopened %d\n", real, effective, saved, fd >= 0);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	say(argv[1]);
	if (!fork()) {
		say(argv[1]);
		_exit(0);
	}
	wait(NULL);
	return 0;
}
