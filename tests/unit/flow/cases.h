/* The table fixtures/flow/cases.txt beside the trees of one server. */
#ifndef FLOW_TEST_CASES_H
#define FLOW_TEST_CASES_H

#include "verdict.h"

struct flow_case {
	const char *sql, *tree;
	const char *want; /* NULL: the table has no such statement */
};
struct flow_cases {
	unsigned major;
	struct world *world;
	struct flow_case *list;
	size_t count;
	char *table, *trees;
};
/* Of fixtures/flow/pgMAJOR.*; false: not all of it is there. Free in both cases. */
bool flow_cases_load(struct flow_cases *c, unsigned major);
void flow_cases_free(struct flow_cases *c);
const struct flow_case *flow_case_find(const struct flow_cases *c, const char *sql);

#endif
