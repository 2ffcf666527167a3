/* Two processes with one working directory: shares_cwd FOLDER. The child enters FOLDER/sub, and its
 * parent then asks for "after". */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t child;
	int status;

	if (argc < 2 || chdir(argv[1]))
		return 2;
	child = syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(chdir("sub") != 0);
	if (waitpid(child, &status, 0) != child || status)
		return 1;
	access("after", F_OK);
	return 0;
}
