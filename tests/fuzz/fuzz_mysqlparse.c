/* Any bytes as SQL of MySQL or MariaDB (the first byte chooses flavour and modes): refused with a reason, or described completely; and what
 * would be forwarded means the same by itself. */
#include "qw/mysqlparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sqlparse_limits limits = {
	.text_bytes_max = 1 << 16, .depth_max = 300, .statements_max = 100, .nodes_max = 50000};

static void check_statement(const struct qw_statement *s)
{
	bool writes_seen = false;

	QW_ASSERT(s->act_count >= 1 && s->acts && s->text.n >= 1);
	for (size_t i = 0; i < s->act_count; i++) {
		QW_ASSERT(s->acts[i].kind_name && s->acts[i].verb < QW_VERB_COUNT && s->acts[i].verb != QW_VERB_UNPARSED);
		QW_ASSERT(!s->acts[i].schema || s->acts[i].name);
		writes_seen |= qw_verb_writes(s->acts[i].verb);
	}
	QW_ASSERT(!s->writes || writes_seen);
	for (size_t i = 0; i < s->relation_count; i++)
		QW_ASSERT(s->relations[i].name);
}

static void check_alone(const struct qw_statement *s, const struct mysql_dialect *d, struct qw_arena *arena)
{
	struct mysql_parsed alone;

	QW_ASSERT(sqlparse_mysql(s->text, d, &limits, arena, &alone) == 0);
	QW_ASSERT(alone.facts.count == 1 && qw_bytes_equal(alone.facts.list[0].text, s->text));
	QW_ASSERT(alone.facts.list[0].act_count == s->act_count && alone.facts.list[0].relation_count == s->relation_count);
	QW_ASSERT(alone.facts.list[0].column_count == s->column_count && alone.facts.list[0].writes == s->writes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mysql_dialect d = {.flavour = MYSQL_FLAVOUR_MYSQL, .version = 90704, .charset = MYSQL_CHARSET_UTF8};
	struct mysql_parsed p;
	struct qw_arena arena;

	if (size == 0)
		return 0;
	if (data[0] & 1) {
		d.flavour = MYSQL_FLAVOUR_MARIADB;
		d.version = 101119;
	}
	d.modes = (data[0] >> 1) & 31;
	d.prepares = data[0] & 64;
	if (data[0] & 128)
		d.charset = MYSQL_CHARSET_BYTES;
	qw_arena_init(&arena, 64 << 20);
	QW_ASSERT(sqlparse_mysql(qw_bytes(data + 1, size - 1), &d, &limits, &arena, &p) == 0);
	QW_ASSERT(!p.facts.problem || p.facts.count == 0);
	for (size_t i = 0; i < p.facts.count; i++) {
		QW_ASSERT(p.trees[i]);
		check_statement(&p.facts.list[i]);
		check_alone(&p.facts.list[i], &d, &arena);
	}
	qw_arena_fini(&arena);
	return 0;
}
