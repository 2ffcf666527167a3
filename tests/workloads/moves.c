/* Goes to and fro between FOLDER/0 and FOLDER/1, COUNT times, and asks for "in-0" or "in-1" there:
 * moves FOLDER COUNT. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char folders[2][512], names[2][8] = { "in-0", "in-1" };

	if (argc < 3)
		return 2;
	for (int i = 0; i < 2; i++)
		snprintf(folders[i], sizeof(folders[i]), "%s/%d", argv[1], i);
	for (int i = 0; i < atoi(argv[2]); i++) {
		if (chdir(folders[i & 1]))
			return 1;
		access(names[i & 1], F_OK);
		for (int j = 0; j < (i * 7) % 5; j++)
			getppid();
	}
	return 0;
}
