/* What the information flow asks of the world (flow.h, lineage.h), answered from the labels of a role and its policy. Pure. */
#ifndef QW_WORLD_H
#define QW_WORLD_H

#include "qw/lineage.h"

struct world { /* borrowed; must outlive the flow_world that is made of it */
	const struct labels *labels;
	const struct policy *policy;
	bool is_copy_in; /* the INSERT that is judged stands for COPY FROM: every column's type reads text */
};
void world_open(const struct world *w, struct flow_world *out);
/* For MySQL: labels and the policy's options; `dialect`, `limits` and `database` are the session's. */
void world_open_mysql(const struct world *w, struct lineage_world *out);

#endif
