/* One line to parse with a dialect, and to compare. */
#ifndef MYSQLPARSE_SUPPORT_H
#define MYSQLPARSE_SUPPORT_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text_facts.h"

static const struct mysql_dialect MYSQL = {MYSQL_FLAVOUR_MYSQL, 90704, 0, MYSQL_CHARSET_UTF8, true};
static const struct mysql_dialect MARIADB = {MYSQL_FLAVOUR_MARIADB, 101119, 0, MYSQL_CHARSET_UTF8, true};

/* In both flavours, or in one: the facts; "-" and the problem. */
static inline const char *facts_of(struct qw_arena *a, const struct mysql_dialect *d, const char *sql)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct mysql_parsed p;

	assert_int_equal(sqlparse_mysql(qw_bytes_from(sql), d, &limits, a, &p), 0);
	if (p.facts.problem)
		return qw_arena_printf(a, "- %s", p.facts.problem);
	return p.facts.count == 1 ? text_all(a, &p.facts.list[0]) : qw_arena_printf(a, "%zu statements", p.facts.count);
}

static inline void expect_facts(const struct mysql_dialect *d, const char *sql, const char *facts)
{
	struct qw_arena a;
	const char *got;

	qw_arena_init(&a, 64 << 20);
	got = facts_of(&a, d, sql);
	if (strcmp(got, facts) != 0)
		fail_msg("%s\n  got    %s\n  wanted %s", sql, got, facts);
	qw_arena_fini(&a);
}

static inline void expect_taken(const struct mysql_dialect *d, const char *sql, bool taken)
{
	struct qw_arena a;
	const char *got;

	qw_arena_init(&a, 256 << 20);
	got = facts_of(&a, d, sql);
	if ((*got != '-') != taken)
		fail_msg("%s: %s", sql, got);
	qw_arena_fini(&a);
}

#endif
