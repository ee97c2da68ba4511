/* Any bytes as SQL over the catalog of fixtures/lineage (the first byte chooses flavour and modes): refused with all that a refusal says, or
 * every output is plain or has its mask, and nothing sensitive is written. The same twice is judged alike. */
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sqlparse_limits limits = {
	.text_bytes_max = 1 << 16, .depth_max = 300, .statements_max = 20, .nodes_max = 50000};

static void check(const struct flow_result *r)
{
	if (r->is_refused) {
		QW_ASSERT(r->refusal.rule && r->refusal.object && r->refusal.reason && r->refusal.instead);
		return;
	}
	for (size_t i = 0; i < r->output_count; i++) {
		const struct flow_output *o = &r->outputs[i];

		QW_ASSERT(o->name && (o->label.kind == LABEL_PLAIN || (o->label.kind == LABEL_MASK && o->label.spec)));
		QW_ASSERT(o->origin_relation || !o->origin_attnum);
	}
	for (size_t i = 0; i < r->act_count; i++)
		QW_ASSERT(r->acts[i].schema && r->acts[i].name && r->acts[i].kind_name);
	for (size_t i = 0; i < r->write_count; i++)
		QW_ASSERT(r->writes[i].label.kind == LABEL_MASK);
	QW_ASSERT(r->equalities == 0 || r->compared[r->equalities - 1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct test_world *w;
	struct mysql_dialect d = {.flavour = MYSQL_FLAVOUR_MYSQL, .version = 90704, .charset = MYSQL_CHARSET_UTF8};
	struct flow_result one = {0}, two = {0};
	struct lineage_world world;
	struct qw_arena arena;
	struct mysql_parsed p;

	if (!w)
		w = test_world_read(FUZZ_LINEAGE);
	if (size == 0)
		return 0;
	if (data[0] & 1) {
		d.flavour = MYSQL_FLAVOUR_MARIADB;
		d.version = 101119;
	}
	d.modes = (data[0] >> 1) & 31;
	d.prepares = data[0] & 64;
	world = *test_world_of(w);
	world.dialect = &d;
	world.limits = &limits;
	if (data[0] & 128)
		world.database = NULL;
	qw_arena_init(&arena, 64 << 20);
	QW_ASSERT(sqlparse_mysql(qw_bytes(data + 1, size - 1), &d, &limits, &arena, &p) == 0);
	for (size_t i = 0; i < p.facts.count; i++) {
		int rc = lineage_judge(p.trees[i], p.facts.list[i].text, &world, &arena, &one);

		QW_ASSERT(rc == 0 || (rc == QW_E_NOMEM && one.is_refused));
		if (rc == 0) {
			check(&one);
			rc = lineage_judge(p.trees[i], p.facts.list[i].text, &world, &arena, &two);
			QW_ASSERT(rc == QW_E_NOMEM || (one.is_refused == two.is_refused && one.output_count == two.output_count));
		}
	}
	qw_arena_fini(&arena);
	return 0;
}
