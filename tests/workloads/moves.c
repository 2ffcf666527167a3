/* Goes to and fro between FOLDER/0 and FOLDER/1, COUNT times, and asks for "in-0" or "in-1" there.
 * Half way it makes FOLDER/half, waits for FOLDER/on, and asks once more: moves FOLDER COUNT. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void rest(const char *half, const char *on)
{
	mkdir(half, 0700);
	while (access(on, F_OK))
		usleep(1000);
}

int main(int argc, char **argv)
{
	char folders[2][512], names[2][8] = { "in-0", "in-1" }, half[512], on[512];

	if (argc < 3)
		return 2;
	for (int i = 0; i < 2; i++)
		snprintf(folders[i], sizeof(folders[i]), "%s/%d", argv[1], i);
	snprintf(half, sizeof(half), "%s/half", argv[1]);
	snprintf(on, sizeof(on), "%s/on", argv[1]);
	for (int i = 0, count = atoi(argv[2]); i < count; i++) {
		if (chdir(folders[i & 1]))
			return 1;
		if (i == count / 2)
			rest(half, on);
		access(names[i & 1], F_OK);
		for (int j = 0; j < (i * 7) % 5; j++)
			getppid();
	}
	return 0;
}
