/* Whether a thread of this process or another sleeps or has ended. */
#include <stdio.h>
#include <sys/types.h>

static int rests(pid_t tid)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	stat = fopen(path, "r");
	if (!stat)
		return 1;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(stat);
	return state == 'S' || state == 'Z';
}
