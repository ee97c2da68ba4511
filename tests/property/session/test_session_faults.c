/*
 * The n-th allocation of the session fails, for every n: it closes or goes on, never crashes, never lets anything through that
 * its record does not; a sanitizer sees that nothing leaks. Usage: test_session_faults POLICY FILE.wire...
 */
#include "faults.h"
#include "play.h"

#include <stdio.h>
#include <stdlib.h>

static long play_once(struct harness *h, const char *file, const char *script, long n)
{
	struct play p = {.file = file, .blind = true};

	faults_seen = 0;
	faults_left = n;
	harness_end(h);
	harness_forget(h);
	if (harness_begin(h))
		play_script(&p, h, script);
	faults_left = -1;
	return faults_seen;
}

int main(int argc, char **argv)
{
	static struct harness h;
	char *policy;
	long all = 0;

	if (argc < 3)
		return 2;
	policy = play_read(argv[1]);
	harness_open(&h, argv[1], policy);
	for (int i = 2; i < argc; i++) {
		char *script = play_read(argv[i]);
		long whole = play_once(&h, argv[i], script, -1);

		for (long n = 0; n < whole; n++)
			(void)play_once(&h, argv[i], script, n);
		all += whole;
		free(script);
	}
	harness_close(&h);
	free(policy);
	(void)printf("%d transcripts, %ld allocations failed in turn\n", argc - 2, all);
	return all > 100 ? 0 : 1;
}
