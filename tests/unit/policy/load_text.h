/* A policy with the roles `agent` (database shop) and `dba` (every one), and the text given after them. */
#ifndef LOAD_TEXT_H
#define LOAD_TEXT_H

#include "qw/policy.h"

static inline struct policy *load_text(const char *rest)
{
	struct policy_problem problem;
	struct policy *p = NULL;
	struct qw_buf text;

	qw_buf_init(&text, 1 << 20);
	assert_int_equal(qw_buf_printf(&text,
				 "version: 1\nroles:\n  - {name: agent, match: {g: [a]}, databases: [shop]}\n"
				 "  - {name: dba, match: {g: [d]}, databases: ['*'], unreviewed_code: review}\n%s",
				 rest),
		0);
	if (policy_load("test", qw_buf_pending(&text), &p, &problem) != 0)
		fail_msg("%s", problem.text);
	qw_buf_fini(&text);
	return p;
}

#endif
