/* Any cut of the streams gives the same outcome: every transcript, cut anywhere. Usage: test_session_cuts POLICY FILE.wire... */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 12 };

static uint64_t seed;

static size_t random_cut(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return 1 + (size_t)((seed >> 33) % ((seed >> 40) % 4 ? 12 : 200));
}

int main(int argc, char **argv)
{
	static struct harness h;
	char *policy;
	int failures = 0;

	if (argc < 3)
		return 2;
	policy = play_read(argv[1]);
	harness_open(&h, argv[1], policy);
	h.next_cut = random_cut;
	for (int i = 2; i < argc; i++) {
		char *script = play_read(argv[i]);

		for (uint64_t round = 0; round < ROUNDS; round++) {
			struct play p = {.file = argv[i]};

			seed = round * 7919 + (uint64_t)i;
			harness_end(&h);
			harness_forget(&h);
			QW_ASSERT(harness_begin(&h));
			play_script(&p, &h, script);
			failures += p.failures;
		}
		free(script);
	}
	harness_close(&h);
	free(policy);
	(void)printf("%d transcripts, %d cuts of each\n", argc - 2, ROUNDS);
	return failures ? 1 : 0;
}
