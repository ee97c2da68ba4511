/*
 * Trees that are read, and then changed: judged without a crash, each refusal said completely, nothing but plain and masked
 * columns let through, and nothing let through that would not be if no column were sensitive. Input: a byte for the version, a
 * byte for what is sensitive, a byte for the number of changes, five bytes to choose them, the tree.
 */
#include "qw/flow.h"
#include "qw/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 8, FIELDS_MAX = 20000 };

/* ---- a world made of numbers ---- */
struct world {
	unsigned seed;
	bool is_plain;
};
static const struct mask_spec masks[] = {{.kind = MASK_NULL, .name = "null"}, {.kind = MASK_REDACT, .name = "redact"}};

static struct label label_of(void *ctx, uint32_t relation_oid, int16_t attnum)
{
	const struct world *w = ctx;
	unsigned n = (relation_oid * 31 + (unsigned)attnum) * 2654435761u + w->seed;
	struct label l = {.kind = LABEL_PLAIN, .column = "s.t.c", .domain = n & 4096 ? "a" : "b"};

	if (w->is_plain || w->seed == 0)
		return l;
	l.kind = (enum label_kind)(n >> 16 & 3);
	l.spec = l.kind == LABEL_MASK ? &masks[n >> 20 & 1] : NULL;
	return l;
}

static bool name_of(void *ctx, uint32_t oid, const char **schema, const char **name)
{
	(void)ctx;
	*schema = oid & 1 ? "pg_catalog" : "public";
	*name = oid & 2 ? "texteq" : "thing";
	return oid % 97 != 96;
}

static const char *write_hazard_of(void *ctx, uint32_t relation_oid, enum qw_verb verb)
{
	(void)ctx;
	(void)verb;
	return relation_oid % 13 == 12 ? "a trigger" : NULL;
}

static int write_tells_of(void *ctx, const struct labels_write *write, struct qw_arena *arena, struct labels_tells **out, size_t *count)
{
	static struct labels_tells told = {.said = "unique index i of s.t", .is_equality = true};

	told.label = label_of(ctx, write->relation_oid, write->count ? write->columns[0].attnum : 0);
	*out = &told;
	*count = told.label.kind != LABEL_PLAIN && write->relation_oid % 3 == 0;
	(void)arena;
	return 0;
}

static bool is_plain(void *ctx, uint32_t oid)
{
	(void)ctx;
	return oid < 16384;
}

static uint32_t function_of(void *ctx, uint32_t operator_oid)
{
	(void)ctx;
	return operator_oid;
}

static bool may_apply(void *ctx, const struct label *column, uint32_t function_oid)
{
	(void)ctx;
	return column->spec->kind == MASK_REDACT && function_oid % 2;
}

static bool may_compare(void *ctx, const struct label *column)
{
	(void)ctx;
	return column->spec->kind == MASK_REDACT;
}

static const char *type_hazard_of(void *ctx, uint32_t type_oid)
{
	(void)ctx;
	return type_oid % 11 == 10 ? "a check" : NULL;
}

/* ---- changing a tree: the value of one field becomes that of another that is not around it ---- */
struct places {
	struct qtree_field *fields[FIELDS_MAX];
	size_t ends[FIELDS_MAX]; /* behind what is inside of the field */
	size_t count;
};
static struct places places;

static void collect(const struct qtree_value *v)
{
	if (v->kind == QTREE_LIST)
		for (size_t i = 0; i < v->list.count; i++)
			collect(&v->list.items[i]);
	if (v->kind != QTREE_NODE)
		return;
	for (size_t i = 0; i < v->node->field_count && places.count < FIELDS_MAX; i++) {
		size_t here = places.count++;

		places.fields[here] = (struct qtree_field *)(uintptr_t)&v->node->fields[i];
		collect(&v->node->fields[i].value);
		places.ends[here] = places.count;
	}
}

static unsigned next(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

static void change(unsigned *state)
{
	size_t to = next(state) % places.count, from = next(state) % places.count;

	if (to >= from && to < places.ends[from]) /* it would hold itself */
		return;
	places.fields[to]->value = places.fields[from]->value;
}

/* ---- the properties ---- */
static bool is_rule(const char *name)
{
	for (const struct flow_rule *r = flow_rules(); r->name; r++)
		if (strcmp(r->name, name) == 0)
			return true;
	return false;
}

static void check(const struct flow_result *r)
{
	if (r->is_refused) {
		QW_ASSERT(r->refusal.rule && is_rule(r->refusal.rule));
		QW_ASSERT(r->refusal.object && r->refusal.reason && r->refusal.instead);
		return;
	}
	for (size_t i = 0; i < r->output_count; i++) {
		const struct label *l = &r->outputs[i].label;

		QW_ASSERT(r->outputs[i].name);
		QW_ASSERT(l->kind == LABEL_PLAIN || (l->kind == LABEL_MASK && l->spec));
	}
	for (size_t i = 0; i < r->act_count; i++)
		QW_ASSERT(r->acts[i].schema && r->acts[i].name && r->acts[i].kind_name);
	for (size_t i = 0; i < r->write_count; i++)
		QW_ASSERT(r->writes[i].label.kind == LABEL_MASK);
}

static void judge(unsigned major, const struct qtree_value *trees, struct world *w, struct flow_result *result)
{
	const struct flow_world world = {w, label_of, name_of, write_hazard_of, write_tells_of, name_of, is_plain, is_plain, function_of, may_apply,
		may_compare, type_hazard_of};
	struct qw_arena arena;
	int rc;

	qw_arena_init(&arena, 32 << 20);
	rc = flow_judge(major, trees, &world, &arena, result);
	QW_ASSERT(rc == 0 || rc == QW_E_NOMEM);
	if (rc)
		QW_ASSERT(result->is_refused);
	else
		check(result);
	qw_arena_fini(&arena); /* what follows looks at numbers only */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct qtree_limits limits = {.text_bytes_max = 1 << 18, .depth_max = 1000, .nodes_max = 20000};
	struct flow_result labelled, plain;
	struct qtree_value trees;
	struct qw_arena arena;
	struct world w;
	unsigned state = 0;

	if (size <= HEAD)
		return 0;
	for (size_t i = 3; i < HEAD; i++)
		state = state * 257 + data[i];
	qw_arena_init(&arena, 64 << 20);
	if (qtree_read(13 + data[0] % 6, qw_bytes(data + HEAD, size - HEAD), &limits, &arena, &trees, NULL) == 0) {
		places.count = 0;
		collect(&trees);
		for (unsigned i = 0; places.count && i < data[2] % 8u; i++)
			change(&state);
		w = (struct world){.seed = data[1]};
		judge(13 + data[0] % 6, &trees, &w, &labelled);
		w.is_plain = true;
		judge(13 + data[0] % 6, &trees, &w, &plain);
		QW_ASSERT(labelled.is_refused || !plain.is_refused);
		QW_ASSERT(labelled.is_refused || labelled.output_count == plain.output_count);
	}
	qw_arena_fini(&arena);
	return 0;
}
