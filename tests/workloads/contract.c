/* Opens, copies and closes descriptors, makes processes and programs, and says what it did:
 *
 *   contract FOLDER
 *
 * Lines of words:
 *   call PID NAME RET ERRNO FD PATH  each call of a process between its calls access("/begin") and
 *                                    access("/end"); RET is -1 for a failure, FD too if it has none,
 *                                    and PATH is the file's, or pipe, or - if there is none
 *   child PID PPID STATUS SIGNAL     how it ended; -1 is none
 *   thread PID TID
 *   program PID ARGUMENTS            each in hexadecimal, with commas between
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT 100
#define NOT_OPEN 999

static char said[1 << 16];
static size_t length;
static pid_t self;

static void say(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	length += vsnprintf(said + length, sizeof(said) - length, format, values);
	va_end(values);
}

static void tell(void)
{
	if (write(STDOUT_FILENO, said, length) != (ssize_t)length)
		_exit(99);
	length = 0;
}

/* A call that has been made. */
static long did(const char *name, long ret, int fd, const char *folder, const char *path)
{
	int error = ret < 0 ? errno : 0;

	say("call %d %s %ld %d %d %s%s%s\n", self, name, ret, error, fd, folder,
	    *folder ? "/" : "", path);
	return ret;
}

static void begin(void)
{
	self = getpid();
	access("/begin", F_OK);
}

static void end(void)
{
	access("/end", F_OK);
	tell();
}

#define OPEN(dirfd, path, flags) syscall(SYS_openat, dirfd, path, flags, 0600)
#define WRITE(fd) syscall(SYS_write, fd, "hello", 5)

/* Gives a descriptor that an exec closes. */
static int work_on_files(const char *folder)
{
	int pipes[2], closing;
	char sub[4096], byte;
	long one, two;

	snprintf(sub, sizeof(sub), "%s/sub", folder);
	begin();
	did("openat", OPEN(AT_FDCWD, "absent", O_RDONLY), -1, folder, "absent");
	one = did("openat", OPEN(AT_FDCWD, "made", O_CREAT | O_RDWR), -1, folder, "made");
	did("write", WRITE(one), one, folder, "made");
	two = did("dup", syscall(SYS_dup, one), one, folder, "made");
	did("dup2", syscall(SYS_dup2, two, KEPT), two, folder, "made");
	did("close", syscall(SYS_close, one), one, folder, "made");
	did("write", WRITE(one), one, "", "-");
	closing = did("openat", OPEN(AT_FDCWD, "other", O_CREAT | O_RDWR | O_CLOEXEC), -1, folder,
		      "other");
	did("write", WRITE(closing), closing, folder, "other");
	did("write", WRITE(two), two, folder, "made");
	did("dup2", syscall(SYS_dup2, closing, two), closing, folder, "other");
	did("write", WRITE(two), two, folder, "other");
	did("close", syscall(SYS_close, two), two, folder, "other");
	did("write", WRITE(KEPT), KEPT, folder, "made");
	did("mkdir", syscall(SYS_mkdir, "sub", 0700), -1, folder, "sub");
	did("mkdir", syscall(SYS_mkdir, "sub", 0700), -1, folder, "sub");
	did("chdir", syscall(SYS_chdir, "sub"), -1, folder, "sub");
	one = did("openat", OPEN(AT_FDCWD, "inner", O_CREAT | O_RDWR), -1, sub, "inner");
	did("close", syscall(SYS_close, one), one, sub, "inner");
	did("rename", syscall(SYS_rename, "inner", "renamed"), -1, sub, "inner");
	did("unlink", syscall(SYS_unlink, "renamed"), -1, sub, "renamed");
	did("unlink", syscall(SYS_unlink, "renamed"), -1, sub, "renamed");
	did("chdir", syscall(SYS_chdir, ".."), -1, folder, "sub/..");
	did("read", syscall(SYS_read, NOT_OPEN, &byte, 1), NOT_OPEN, "", "-");
	one = syscall(SYS_pipe2, pipes, O_NONBLOCK);
	did("pipe2", one, pipes[0], "", "pipe");
	did("read", syscall(SYS_read, pipes[0], &byte, 1), pipes[0], "", "pipe");
	did("write", WRITE(pipes[1]), pipes[1], "", "pipe");
	did("read", syscall(SYS_read, pipes[0], &byte, 1), pipes[0], "", "pipe");
	did("close", syscall(SYS_close, pipes[0]), pipes[0], "", "pipe");
	did("close", syscall(SYS_close, pipes[1]), pipes[1], "", "pipe");
	end();
	return closing;
}

static void wait_for(pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	say("child %d %d %d %d\n", child, getpid(), WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	    WIFSIGNALED(status) ? WTERMSIG(status) : -1);
}

/* What a child does with a descriptor is not its parent's. */
static void inherit(const char *folder)
{
	pid_t child = fork();

	if (!child) {
		begin();
		did("write", WRITE(KEPT), KEPT, folder, "made");
		did("close", syscall(SYS_close, KEPT), KEPT, folder, "made");
		did("write", WRITE(KEPT), KEPT, "", "-");
		end();
		_exit(0);
	}
	wait_for(child);
	begin();
	did("write", WRITE(KEPT), KEPT, folder, "made");
	end();
}

static void end_in_all_ways(void)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGSEGV };
	static const int statuses[] = { 0, 3, 255 };

	for (int i = 0; i < 3; i++) {
		pid_t child = fork();

		if (!child)
			_exit(statuses[i]);
		wait_for(child);
		child = fork();
		if (!child) {
			kill(getpid(), signals[i]);
			_exit(98);
		}
		wait_for(child);
	}
}

static void make_generations(int count)
{
	pid_t child = count ? fork() : 0;

	if (!count)
		return;
	if (!child) {
		length = 0;
		make_generations(count - 1);
		tell();
		_exit(count);
	}
	wait_for(child);
}

static void *in_thread(void *unused)
{
	say("thread %d %d\n", getpid(), gettid());
	access("/in/a/thread", F_OK);
	return NULL;
}

static void say_program(pid_t pid, char **arguments)
{
	say("program %d ", pid);
	for (char **word = arguments; *word; word++) {
		for (unsigned char *byte = (unsigned char *)*word; *byte; byte++)
			say("%02x", *byte);
		say("%s", word[1] ? "," : "\n");
	}
}

static void execute(const char *program, const char *folder, int closing)
{
	char number[16], *arguments[] = { "second", (char *)folder, number, "", "a  b", "two\nlines",
					  "tab\t", "\303\274", "\377", "\\", "\"'", NULL };
	pid_t child;

	snprintf(number, sizeof(number), "%d", closing);
	tell();
	child = fork();
	if (!child) {
		execv(program, arguments);
		_exit(97);
	}
	say_program(child, arguments);
	wait_for(child);
	child = vfork();
	if (!child) {
		execl("/bin/true", "vforked", NULL);
		_exit(97);
	}
	say_program(child, (char *[]){ "vforked", NULL });
	wait_for(child);
}

static int be_second(const char *folder, int closed)
{
	begin();
	did("write", WRITE(KEPT), KEPT, folder, "made");
	did("write", WRITE(closed), closed, "", "-");
	end();
	return 6;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int closing;

	if (!strcmp(argv[0], "second"))
		return be_second(argv[1], atoi(argv[2]));
	if (argc != 2 || chdir(argv[1]))
		return 2;
	closing = work_on_files(argv[1]);
	inherit(argv[1]);
	end_in_all_ways();
	tell();
	make_generations(3);
	execute(argv[0], argv[1], closing);
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	tell();
	return 5;
}
