/* A small program that does what is hard to read in a log of strace. Linked statically, so
 * that its logs are short. Usage: workload tree|threads|compat|sleep|child */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(long milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void start(const char *word)
{
	char *argv[] = {"child", (char *)word, NULL}, *envp[] = {"A=1", NULL};

	execve("/proc/self/exe", argv, envp);
	_exit(127);
}

static void files(void)
{
	int fd, ends[2];

	mkdir("odd, \"dir\") = 3", 0700);
	chdir("odd, \"dir\") = 3");
	fd = open("f <1> \\\n\xff", O_RDWR | O_CREAT, 0600);
	write(fd, "x) = 5 <unfinished ...>\n", 24);
	pwrite(fd, "y", 1, 4096);
	dup2(fd, 9);
	unlink("f <1> \\\n\xff");
	pread(9, &(char[8]){0}, 8, 2);
	close(fd);
	close(77);
	mkdirat(AT_FDCWD, "d", 0700);
	fd = open("d", O_DIRECTORY);
	renameat(AT_FDCWD, "d", fd, "../e");
	faccessat(fd, "missing", F_OK, 0);
	chdir("..");
	unlinkat(AT_FDCWD, "odd, \"dir\") = 3/e", AT_REMOVEDIR);
	rmdir("odd, \"dir\") = 3");
	pipe(ends);
	write(ends[1], "z", 1);
	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	epoll_create1(0);
	umask(027);
}

static void tree(void)
{
	files();
	if (!fork()) {
		nap(2);
		_exit(3);
	}
	if (!vfork())
		start("a \"b\", c");
	if (!fork()) {
		raise(SIGKILL);
		pause();
	}
	while (wait(NULL) > 0)
		;
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	nap(1);
}

static void *sleeper(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *starter(void *unused)
{
	nap(2);
	start("from a thread");
	return unused;
}

static void *reader(void *unused)
{
	int fd = open("/dev/null", O_RDONLY);

	read(fd, &(char){0}, 1);
	close(fd);
	return unused;
}

static void threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, reader, NULL);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, sleeper, NULL);
	pthread_create(&thread, NULL, starter, NULL);
	for (;;)
		pause();
}

static void compat(void)
{
	long pid;

	getppid();
	__asm__ volatile("int $0x80" : "=a"(pid) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	getppid();
}

static void on_alarm(int unused)
{
}

static void sleeps(void)
{
	int ends[2];
	char byte;
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	pipe(ends);
	if (!fork()) {
		close(ends[1]);
		read(ends[0], &byte, 1);
		_exit(0);
	}
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	nap(1500);
	write(ends[1], "!", 1);
	wait(NULL);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	if (!strcmp(word, "tree"))
		tree();
	else if (!strcmp(word, "threads"))
		threads();
	else if (!strcmp(word, "compat"))
		compat();
	else if (!strcmp(word, "sleep"))
		sleeps();
	return strcmp(argv[0], "child") ? 4 : 5;
}
