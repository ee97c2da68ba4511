/*
 * Plays a transcript against a session: run POLICY FILE.wire [CUT]. With CUT, inputs are fed in pieces of that many bytes and the
 * outcome must be the same; with "write", the script is printed with what came out instead. Every output must be expected, every expectation met, in order for each side.
 */
#include "play.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
	static struct harness h;
	struct play p = {0};
	char *policy, *script;

	if (argc < 3)
		return 2;
	p.file = argv[2];
	policy = play_read(argv[1]);
	script = play_read(argv[2]);
	p.out = argc > 3 && strcmp(argv[3], "write") == 0 ? stdout : NULL;
	h.cut = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	harness_open(&h, argv[1], policy);
	play_script(&p, &h, script);
	harness_close(&h);
	free(policy);
	free(script);
	return p.failures ? 1 : 0;
}
