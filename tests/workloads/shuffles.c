/* Shuffles descriptors at random, and prints the truth about them:
 *
 *   shuffles SEED STEPS FOLDER
 *
 * After each step it calls fdatasync(2) on some descriptor, which nothing else here calls, and
 * prints a line: the object behind it (a number of its own for every file that was ever made), its
 * kind, and its path or "-". Processes it forks run while it waits, so that lines and calls have one
 * order. What it got from its parent is object 0 to 9, by descriptor.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DESCRIPTORS 64
#define NAMES 6
#define INHERITED 10
#define PATH_BYTES 512

static struct object {
	int number;
	char kind[16];
	char path[PATH_BYTES];
} held[DESCRIPTORS]; /* number -1: closed */

static int at_path[NAMES] = { -1, -1, -1, -1, -1, -1 }; /* the object that has this name */
static char folder[PATH_BYTES - 16];
static int made;

static int any(int below)
{
	return rand() % below;
}

static const char *path_of(int name)
{
	static char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%d", folder, name % NAMES);
	return path;
}

static int new_number(void)
{
	return getpid() * 10000 + made++;
}

static void hold(int fd, int number, const char *kind, const char *path)
{
	if (fd < 0 || fd >= DESCRIPTORS) {
		close(fd);
		return;
	}
	held[fd].number = number;
	snprintf(held[fd].kind, sizeof(held[fd].kind), "%s", kind);
	snprintf(held[fd].path, sizeof(held[fd].path), "%s", path);
}

static void hold_new(int fd, const char *kind)
{
	hold(fd, new_number(), kind, "-");
}

static void copy(int fd, int from)
{
	if (fd != from)
		hold(fd, held[from].number, held[from].kind, held[from].path);
}

static int some_descriptor(int first)
{
	for (int tries = 0; tries < 1000; tries++) {
		int fd = first + any(DESCRIPTORS - first);

		if (held[fd].number >= 0)
			return fd;
	}
	return 0;
}

static void tell(void)
{
	int fd = some_descriptor(0);
	char line[PATH_BYTES + 64];

	fdatasync(fd);
	snprintf(line, sizeof(line), "%d %s %s\n", held[fd].number, held[fd].kind, held[fd].path);
	if (write(1, line, strlen(line)) < 0)
		exit(1);
}

static void open_some(void)
{
	int name = any(NAMES), flags = O_RDWR | O_CREAT | (any(2) ? O_CLOEXEC : 0);
	const char *path = path_of(name), *relative = strrchr(path, '/') + 1;
	int fd, directory;

	if (at_path[name] < 0)
		at_path[name] = new_number();
	directory = open(folder, O_RDONLY | O_DIRECTORY);
	switch (any(4)) {
	case 0:
		fd = open(path, flags, 0600);
		break;
	case 1:
		fd = openat(directory, relative, flags, 0600);
		break;
	case 2:
		fd = open(relative, flags, 0600); /* the folder is the working directory */
		break;
	default:
		fd = creat(path, 0600);
	}
	close(directory);
	hold(fd, at_path[name], "regular", path);
}

static void remove_some(void)
{
	int name = any(NAMES);

	if (unlink(path_of(name)) == 0)
		at_path[name] = -1;
}

/* Another process may have replaced files: begin anew. */
static void remove_all(void)
{
	for (int name = 0; name < NAMES; name++) {
		unlink(path_of(name));
		at_path[name] = -1;
	}
}

static void move_away_and_back(void)
{
	if (chdir("/") || chdir(folder))
		exit(1);
}

static void make_pipe(void)
{
	int fds[2], number = new_number();

	if (pipe2(fds, any(2) ? O_CLOEXEC : 0))
		return;
	hold(fds[0], number, "pipe", "-");
	hold(fds[1], number, "pipe", "-");
}

static void make_sockets(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | (any(2) ? SOCK_CLOEXEC : 0), 0, fds))
		return;
	hold_new(fds[0], "socket");
	hold_new(fds[1], "socket");
}

static void make_nameless(void)
{
	switch (any(4)) {
	case 0:
		hold_new(eventfd(0, 0), "anonymous");
		break;
	case 1:
		hold_new(epoll_create1(EPOLL_CLOEXEC), "anonymous");
		break;
	case 2:
		hold_new(memfd_create("made", 0), "anonymous");
		break;
	default:
		hold_new(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	}
}

static void copy_some(void)
{
	int from = some_descriptor(INHERITED), to = INHERITED + any(DESCRIPTORS - INHERITED);

	switch (any(4)) {
	case 0:
		copy(dup(from), from);
		break;
	case 1:
		copy(dup2(from, to), from);
		break;
	case 2:
		copy(fcntl(from, F_DUPFD_CLOEXEC, INHERITED), from);
		break;
	default:
		if (from != to)
			copy(dup3(from, to, O_CLOEXEC), from);
	}
}

/* Through a socket to ourselves. */
static void pass_some(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int from = some_descriptor(INHERITED), fds[2], passed;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &from, sizeof(int));
	if (sendmsg(fds[0], &message, 0) == 1 && recvmsg(fds[1], &message, 0) == 1) {
		memcpy(&passed, CMSG_DATA(head), sizeof(int));
		copy(passed, from);
	}
	close(fds[0]);
	close(fds[1]);
}

static void close_some(void)
{
	int fd = some_descriptor(INHERITED);

	if (fd >= INHERITED) {
		close(fd);
		held[fd].number = -1;
	}
}

static void shuffle(int steps);

static void fork_some(int steps)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		made = 0;
		shuffle(steps);
		exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		exit(1);
	remove_all();
}

static void shuffle(int steps)
{
	static void (*const acts[])(void) = {
		open_some, open_some, remove_some, move_away_and_back, make_pipe, make_sockets,
		make_nameless, copy_some, copy_some, pass_some, close_some, close_some, close_some,
	};

	for (int step = 0; step < steps; step++) {
		int act = any(sizeof(acts) / sizeof(*acts) + 1);

		if (act < (int)(sizeof(acts) / sizeof(*acts)))
			acts[act]();
		else if (steps > 20)
			fork_some(steps / 10);
		tell();
	}
}

/* A process that executes itself passes on what is not closed by that, as arguments. */
static void take_over(char **arguments)
{
	for (; *arguments; arguments += 4)
		if (fcntl(atoi(arguments[0]), F_GETFD) >= 0)
			hold(atoi(arguments[0]), atoi(arguments[1]), arguments[2], arguments[3]);
}

static void execute(char *program, char *seed, char *steps)
{
	static char numbers[DESCRIPTORS][2][16];
	char *arguments[5 + 4 * DESCRIPTORS] = { program, seed, steps, folder };
	int count = 4;

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (held[fd].number < 0)
			continue;
		snprintf(numbers[fd][0], 16, "%d", fd);
		snprintf(numbers[fd][1], 16, "%d", held[fd].number);
		arguments[count++] = numbers[fd][0];
		arguments[count++] = numbers[fd][1];
		arguments[count++] = held[fd].kind;
		arguments[count++] = held[fd].path;
	}
	execv("/proc/self/exe", arguments);
	exit(1);
}

static void inherit(int fd)
{
	char link[64], path[PATH_BYTES] = "-";
	struct stat status;

	if (fstat(fd, &status))
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		exit(1);
	hold(fd, fd, S_ISREG(status.st_mode) ? "regular" : S_ISFIFO(status.st_mode) ? "pipe"
		 : S_ISSOCK(status.st_mode) ? "socket" : "character",
	     *path == '/' ? path : "-");
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		held[fd].number = -1;
	snprintf(folder, sizeof(folder), "%s", argv[3]);
	if (chdir(folder))
		return 1;
	srand(atoi(argv[1]) + argc);
	if (argc > 4) {
		take_over(argv + 4);
		made = 5000;
		remove_all();
		shuffle(atoi(argv[2]));
		return 0;
	}
	for (int fd = 0; fd < INHERITED; fd++)
		inherit(fd);
	shuffle(atoi(argv[2]));
	execute(argv[0], argv[1], argv[2]);
}
