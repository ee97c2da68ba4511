/* A policy that is nothing but a list of masks. */
#ifndef POLICY_DOUBLE_H
#define POLICY_DOUBLE_H

#include "qw/policy.h"

struct policy {
	const struct policy_mask *masks;
	size_t count;
	const char *unreviewed; /* schema whose columns without a mask are masked by unreviewed_spec */
	struct mask_spec unreviewed_spec;
	const char *reviewed[4]; /* sentences and "schema.name(args)" that were reviewed */
};

/* A mask of role bit 1 on up to four patterns. */
#define MASK_ON(mask_name, mask_kind_, ...) \
	{.spec = {.kind = (mask_kind_), .name = (mask_name)}, .columns = (const char *[]){__VA_ARGS__}, \
		.column_count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), .roles = 1}

#endif
