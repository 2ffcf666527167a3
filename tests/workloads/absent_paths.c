/* Names a path that is in memory only once the kernel has looked for it:
 *
 *   absent_paths FILE
 *
 * FILE holds, at byte 0, at 8192 and across the boundary of its third page, one path each.
 * Its pages are mapped, and those that have been read are given back.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BYTES 16384
#define ACROSS (12288 - 6)

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);
	char *file = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE, fd, 0);

	if (argc != 2 || file == MAP_FAILED)
		return 1;
	madvise(file, BYTES, MADV_RANDOM);
	syscall(SYS_access, file, F_OK);
	if (file[8192] != '/' || file[ACROSS] != '/')
		return 2;
	madvise(file, BYTES, MADV_DONTNEED);
	syscall(SYS_access, file + 8192, F_OK);
	madvise(file, BYTES, MADV_DONTNEED);
	syscall(SYS_access, file + ACROSS, F_OK);
	return 0;
}
