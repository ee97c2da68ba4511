/* A judgement as the words of fixtures/flow/cases.txt. */
#ifndef FLOW_TEST_VERDICT_H
#define FLOW_TEST_VERDICT_H

#include "world.h"

/* Reads and judges the tree; "refuse RULE", or "out LETTERS" and what is in the result. The
 * arena's; never NULL. */
const char *verdict_of(unsigned major, const char *tree, struct world *w, struct qw_arena *arena,
	struct flow_result *out);

#endif
