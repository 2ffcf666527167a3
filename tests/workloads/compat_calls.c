/* Makes 32-bit calls from a 64-bit program, and prints what they returned:
 *
 *   compat_calls PATH
 *
 * Exits with status 3 where the kernel has no such entry.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define I386_WRITE 4
#define I386_CLOSE 6
#define I386_GETPID 20
#define I386_ACCESS 33
#define I386_OPENAT 295

static void give_up(int signo)
{
	_exit(3);
}

static long call32(long number, long b, long c, long d, long s)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(b), "c"(c), "d"(d), "S"(s)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

int main(int argc, char **argv)
{
	char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long fd, written;

	if (low == MAP_FAILED || argc != 2)
		return 1;
	signal(SIGSEGV, give_up);
	signal(SIGILL, give_up);
	strncpy(low, argv[1], 4095);
	strcpy(low + 4096, "hello");
	printf("getpid %ld\n", call32(I386_GETPID, 0, 0, 0, 0));
	fd = call32(I386_OPENAT, AT_FDCWD, (long)low, O_CREAT | O_WRONLY, 0600);
	printf("openat %ld\n", fd);
	written = call32(I386_WRITE, fd, (long)(low + 4096), 5, 0);
	printf("write %ld\n", written);
	printf("close %ld\n", call32(I386_CLOSE, fd, 0, 0, 0));
	printf("unknown %ld\n", call32(509, 0, 0, 0, 0));
	return 0;
}
