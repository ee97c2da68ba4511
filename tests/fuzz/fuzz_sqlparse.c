/* Any bytes as PostgreSQL SQL: refused with a reason, or described completely; and each part by
 * itself means the same. */
#include "qw/sqlparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_statement(const struct qw_statement *s, struct qw_bytes text)
{
	bool writes_seen = false;

	QW_ASSERT(s->act_count >= 1 && s->acts);
	QW_ASSERT(
		s->text.n >= 1 && s->text.p >= text.p && s->text.p + s->text.n <= text.p + text.n);
	for (size_t i = 0; i < s->act_count; i++) {
		QW_ASSERT(s->acts[i].kind_name && s->acts[i].verb < QW_VERB_COUNT &&
			  s->acts[i].verb != QW_VERB_UNPARSED);
		QW_ASSERT(!s->acts[i].schema || s->acts[i].name);
		writes_seen |= qw_verb_writes(s->acts[i].verb);
	}
	QW_ASSERT(!s->writes || writes_seen);
	for (size_t i = 0; i < s->relation_count; i++)
		QW_ASSERT(s->relations[i].name);
	QW_ASSERT((s->inner.n != 0) ==
		  (s->inner_kind != QW_INNER_NONE && s->inner_kind != QW_INNER_UNKNOWN));
}

/* What is wrapped is one statement that wraps nothing itself. */
static void check_inner(
	const struct qw_statement *s, const struct sqlparse_limits *limits, struct qw_arena *arena)
{
	struct qw_statements inner;

	if (s->inner.n == 0)
		return;
	QW_ASSERT(sqlparse_postgres(s->inner, limits, arena, &inner) == 0);
	QW_ASSERT(inner.count == 1 && inner.list[0].inner_kind == QW_INNER_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sqlparse_limits limits = {.text_bytes_max = 1 << 16,
		.depth_max = 500,
		.statements_max = 100,
		.nodes_max = 50000};
	struct qw_statements s;
	struct qw_arena arena;

	qw_arena_init(&arena, 64 << 20);
	QW_ASSERT(sqlparse_postgres(qw_bytes(data, size), &limits, &arena, &s) == 0);
	QW_ASSERT(!s.problem || s.count == 0);
	for (size_t i = 0; i < s.count; i++) {
		struct qw_statements alone;

		check_statement(&s.list[i], qw_bytes(data, size));
		QW_ASSERT(sqlparse_postgres(s.list[i].text, &limits, &arena, &alone) == 0);
		QW_ASSERT(alone.count == 1 && alone.list[0].act_count == s.list[i].act_count);
		QW_ASSERT(alone.list[0].inner_kind == s.list[i].inner_kind &&
			  qw_bytes_equal(alone.list[0].inner, s.list[i].inner));
		check_inner(&s.list[i], &limits, &arena);
	}
	qw_arena_fini(&arena);
	return 0;
}
