/* What the information flow asks of the world (flow.h), answered from the labels of a role and its policy. Pure. */
#ifndef QW_WORLD_H
#define QW_WORLD_H

#include "qw/flow.h"

struct world { /* borrowed; must outlive the flow_world that is made of it */
	const struct labels *labels;
	const struct policy *policy;
	bool is_copy_in; /* the INSERT that is judged stands for COPY FROM: every column's type reads text */
};
void world_open(const struct world *w, struct flow_world *out);

#endif
