#include "world.h"

#include "qw/mask.h"

#include <stdio.h>
#include <stdlib.h>

enum thing_kind { THING_RELATION, THING_COLUMN, THING_OPERATOR, THING_FUNCTION, THING_TYPE };
struct thing {
	enum thing_kind kind;
	uint32_t oid, other; /* other: a column's number, an operator's function */
	char schema[64], name[64];
	bool is_plain;
};
struct world {
	struct thing *things;
	size_t count;
	bool all_plain, all_unknown;
	char column[200];
};

static const struct mask_spec redact = {.kind = MASK_REDACT, .name = "redact"},
			      hash = {.kind = MASK_HASH, .name = "hash"},
			      nothing = {.kind = MASK_NULL, .name = "null"};
static const struct {
	const char *column;
	enum label_kind kind;
	const struct mask_spec *spec;
	const char *domain;
} sensitive[] = {
	{"public.customers.email", LABEL_MASK, &hash, "public.customers.email"},
	{"public.customers.ssn", LABEL_MASK, &redact, "ssn"},
	{"public.customers.phone", LABEL_MASK, &redact, "public.customers.phone"},
	{"public.customers.card", LABEL_MASK, &nothing, "public.customers.card"},
	{"public.archive.ssn", LABEL_MASK, &redact, "ssn"},
	{"public.derived.code", LABEL_DERIVED, NULL, NULL},
	{"public.fresh.secret", LABEL_UNKNOWN, NULL, NULL},
	{"pg_catalog.pg_authid.rolpassword", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_statistic.stavalues1", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_statistic.stavalues2", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_statistic.stavalues3", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_statistic.stavalues4", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_statistic.stavalues5", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_statistic_ext_data.stxdmcv", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_statistic_ext_data.stxdexpr", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_largeobject.data", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_user_mapping.umoptions", LABEL_DERIVED, NULL, NULL},
	{"pg_catalog.pg_subscription.subconninfo", LABEL_DERIVED, NULL, NULL},
};

char *read_whole(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long n;

	if (f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
		text = calloc((size_t)n + 1, 1);
		if (text && fread(text, 1, (size_t)n, f) != (size_t)n) {
			free(text);
			text = NULL;
		}
	}
	if (f)
		fclose(f);
	return text;
}

/* ---- the file ---- */

static bool thing_parse(const char *line, struct thing *t)
{
	char word[16] = "";

	if (sscanf(line, "relation %u %63s %63s", &t->oid, t->schema, t->name) == 3)
		t->kind = THING_RELATION;
	else if (sscanf(line, "column %u %u %63s", &t->oid, &t->other, t->name) == 3)
		t->kind = THING_COLUMN;
	else if (sscanf(line, "operator %u %u", &t->oid, &t->other) == 2)
		t->kind = THING_OPERATOR;
	else if (sscanf(line, "function %u %63s %63s %15s", &t->oid, t->schema, t->name, word) == 4)
		t->kind = THING_FUNCTION;
	else if (sscanf(line, "type %u %63s", &t->oid, t->name) == 2)
		t->kind = THING_TYPE;
	else
		return false;
	t->is_plain = strcmp(word, "plain") == 0;
	return true;
}

static int by_oid(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->oid != y->oid)
		return x->oid < y->oid ? -1 : 1;
	if (x->kind != THING_COLUMN)
		return 0;
	return x->other < y->other ? -1 : x->other > y->other;
}

struct world *world_load(const char *path)
{
	char *text = read_whole(path), *save = NULL;
	struct world *w = calloc(1, sizeof(*w));
	size_t max = 0;

	for (char *line = text && w ? strtok_r(text, "\n", &save) : NULL; line;
		line = strtok_r(NULL, "\n", &save)) {
		if (w->count == max) {
			max = max ? max * 2 : 1024;
			w->things = realloc(w->things, max * sizeof(*w->things));
		}
		w->things[w->count] = (struct thing){0};
		if (thing_parse(line, &w->things[w->count]))
			w->count++;
	}
	if (!text || !w) {
		world_free(w);
		return NULL;
	}
	free(text);
	if (w->count)
		qsort(w->things, w->count, sizeof(*w->things), by_oid);
	return w;
}

void world_free(struct world *w)
{
	if (w)
		free(w->things);
	free(w);
}

void world_make_plain(struct world *w)
{
	w->all_plain = true;
}

void world_make_unknown(struct world *w)
{
	w->all_unknown = true;
}

static const struct thing *find(
	const struct world *w, enum thing_kind kind, uint32_t oid, uint32_t number)
{
	const struct thing key = {.kind = kind, .oid = oid, .other = number};

	return w->count ? bsearch(&key, w->things, w->count, sizeof(key), by_oid) : NULL;
}

/* ---- what flow asks ---- */

const char *world_column(struct world *w, uint32_t relation_oid, int16_t attnum)
{
	const struct thing *r = find(w, THING_RELATION, relation_oid, 0);
	const struct thing *c =
		attnum > 0 ? find(w, THING_COLUMN, relation_oid, (uint32_t)attnum) : NULL;

	if (!r || !c)
		return NULL;
	snprintf(w->column, sizeof(w->column), "%s.%s.%s", r->schema, r->name, c->name);
	return w->column;
}

/* Definitions in which data may stand; of defaults this world knows better. */
static const char *const guarded[] = {"pg_catalog.pg_proc.prosrc", "pg_catalog.pg_constraint.conbin"};

static bool is_guarded(const char *name)
{
	for (size_t i = 0; i < QW_COUNT(guarded); i++)
		if (strcmp(guarded[i], name) == 0)
			return true;
	return false;
}

static struct label label_named(const char *name)
{
	for (size_t i = 0; i < QW_COUNT(sensitive); i++)
		if (strcmp(sensitive[i].column, name) == 0)
			return (struct label){.kind = sensitive[i].kind,
				.spec = sensitive[i].spec,
				.domain = sensitive[i].domain,
				.column = sensitive[i].kind == LABEL_UNKNOWN ? NULL
									     : sensitive[i].column};
	return (struct label){.kind = LABEL_PLAIN, .is_guarded = is_guarded(name)};
}

static struct label label_of_row(struct world *w, uint32_t oid)
{
	struct label out = {.kind = LABEL_PLAIN};

	for (size_t i = 0; i < w->count; i++) {
		struct label l;

		if (w->things[i].kind != THING_COLUMN || w->things[i].oid != oid)
			continue;
		l = label_named(world_column(w, oid, (int16_t)w->things[i].other));
		out.kind = l.kind != LABEL_PLAIN ? LABEL_DERIVED : out.kind;
		out.is_guarded |= l.is_guarded;
	}
	return out;
}

static struct label world_label(void *ctx, uint32_t oid, int16_t attnum)
{
	struct world *w = ctx;
	const char *name;

	if (w->all_plain)
		return (struct label){.kind = LABEL_PLAIN};
	if (w->all_unknown || !find(w, THING_RELATION, oid, 0))
		return (struct label){.kind = LABEL_UNKNOWN};
	if (attnum < 0)
		return (struct label){.kind = LABEL_PLAIN};
	if (attnum == 0)
		return label_of_row(w, oid);
	name = world_column(w, oid, attnum);
	return name ? label_named(name) : (struct label){.kind = LABEL_UNKNOWN};
}

static bool named(const struct world *w, enum thing_kind kind, uint32_t oid, const char **schema,
	const char **name)
{
	const struct thing *t = find(w, kind, oid, 0);

	if (!t)
		return false;
	*schema = t->schema;
	*name = t->name;
	return true;
}

static bool world_relation(void *ctx, uint32_t oid, const char **schema, const char **name)
{
	return named(ctx, THING_RELATION, oid, schema, name);
}

static bool world_function(void *ctx, uint32_t oid, const char **schema, const char **name)
{
	return named(ctx, THING_FUNCTION, oid, schema, name);
}

static const char *world_write_hazard(void *ctx, uint32_t oid, enum qw_verb verb)
{
	const struct thing *t = find(ctx, THING_RELATION, oid, 0);

	if (verb != QW_VERB_INSERT && verb != QW_VERB_UPDATE && verb != QW_VERB_DELETE)
		return "a verb that writes no row";
	return t && strcmp(t->name, "watched") == 0 ? "trigger t_audit runs public.log()" : NULL;
}

static int world_write_tells(void *ctx, const struct labels_write *w, struct qw_arena *arena, struct labels_tells **out, size_t *count)
{
	(void)ctx;
	(void)w;
	(void)arena;
	*out = NULL;
	*count = 0;
	return 0;
}

static bool world_function_is_plain(void *ctx, uint32_t oid)
{
	const struct thing *t = find(ctx, THING_FUNCTION, oid, 0);

	return t && t->is_plain;
}

static bool world_function_is_guarded(void *ctx, uint32_t oid)
{
	const struct thing *t = find(ctx, THING_FUNCTION, oid, 0);
	const struct world *w = ctx;

	return t && !w->all_plain && (strcmp(t->name, "pg_get_constraintdef") == 0 || strcmp(t->name, "pg_get_viewdef") == 0);
}

static uint32_t world_operator_function(void *ctx, uint32_t oid)
{
	const struct thing *t = find(ctx, THING_OPERATOR, oid, 0);

	return t ? t->other : 0;
}

static bool world_may_apply(void *ctx, const struct label *column, uint32_t function_oid)
{
	const struct thing *t = find(ctx, THING_FUNCTION, function_oid, 0);

	return t && strcmp(t->name, "right") == 0 && column->column &&
	       strcmp(column->column, "public.customers.card") == 0;
}

static bool world_may_compare(void *ctx, const struct label *column)
{
	(void)ctx;
	return column->column && strcmp(column->column, "public.customers.phone") == 0;
}

static const char *world_type_hazard(void *ctx, uint32_t oid)
{
	const struct thing *t = find(ctx, THING_TYPE, oid, 0);

	if (!t)
		return oid >= 16384 ? "a type that the catalog does not know" : NULL;
	return strncmp(t->name, "checked", 7) == 0 || strcmp(t->name, "_checked") == 0
		       ? "CHECK of checked runs public.f_ok()"
		       : NULL;
}

struct flow_world world_of(struct world *w)
{
	return (struct flow_world){.ctx = w,
		.label = world_label,
		.relation = world_relation,
		.write_hazard = world_write_hazard,
		.write_tells = world_write_tells,
		.function = world_function,
		.function_is_plain = world_function_is_plain,
		.function_is_guarded = world_function_is_guarded,
		.operator_function = world_operator_function,
		.may_apply = world_may_apply,
		.may_compare = world_may_compare,
		.type_hazard = world_type_hazard};
}
