#include "qw/world.h"

static struct label label(void *ctx, uint32_t relation_oid, int16_t attnum)
{
	const struct world *w = ctx;

	return labels_of(w->labels, relation_oid, attnum);
}

static bool relation(void *ctx, uint32_t oid, const char **schema, const char **name)
{
	const struct world *w = ctx;

	return labels_relation(w->labels, oid, schema, name);
}

static const char *write_hazard(void *ctx, uint32_t relation_oid, enum qw_verb verb)
{
	const struct world *w = ctx;

	return labels_write_hazard(w->labels, relation_oid, w->is_copy_in && verb == QW_VERB_INSERT ? QW_VERB_COPY_IN : verb);
}

static int write_tells(void *ctx, const struct labels_write *write, struct qw_arena *arena, struct labels_tells **out, size_t *count)
{
	const struct world *w = ctx;
	struct labels_write given = *write;

	if (w->is_copy_in && given.verb == QW_VERB_INSERT)
		given.verb = QW_VERB_COPY_IN;
	return labels_tells(w->labels, &given, arena, out, count);
}

static bool function(void *ctx, uint32_t oid, const char **schema, const char **name)
{
	const struct world *w = ctx;

	return labels_function(w->labels, oid, schema, name);
}

static bool function_is_plain(void *ctx, uint32_t oid)
{
	const struct world *w = ctx;

	return labels_function_is_plain(w->labels, oid);
}

static bool function_is_guarded(void *ctx, uint32_t oid)
{
	const struct world *w = ctx;

	return labels_function_is_guarded(w->labels, oid);
}

static uint32_t operator_function(void *ctx, uint32_t operator_oid)
{
	const struct world *w = ctx;

	return labels_operator_function(w->labels, operator_oid);
}

static bool may_apply(void *ctx, const struct label *column, uint32_t function_oid)
{
	const struct world *w = ctx;
	const char *schema, *name;

	return column->spec && labels_function(w->labels, function_oid, &schema, &name) &&
		policy_may_apply(w->policy, column->spec, schema, name);
}

static bool may_compare(void *ctx, const struct label *column)
{
	const struct world *w = ctx;
	const struct policy_mask *m = column->spec ? policy_mask_of(w->policy, column->spec) : NULL;

	return m && m->allows_equality;
}

static const char *type_hazard(void *ctx, uint32_t type_oid)
{
	const struct world *w = ctx;

	return labels_type_hazard(w->labels, type_oid);
}

void world_open(const struct world *w, struct flow_world *out)
{
	*out = (struct flow_world){.ctx = (void *)(uintptr_t)w,
		.label = label,
		.relation = relation,
		.write_hazard = write_hazard,
		.write_tells = write_tells,
		.function = function,
		.function_is_plain = function_is_plain,
		.function_is_guarded = function_is_guarded,
		.operator_function = operator_function,
		.may_apply = may_apply,
		.may_compare = may_compare,
		.type_hazard = type_hazard};
}

static bool may_apply_named(void *ctx, const struct label *column, const char *schema, const char *function)
{
	const struct world *w = ctx;

	return column->spec && policy_may_apply(w->policy, column->spec, schema, function);
}

void world_open_mysql(const struct world *w, struct lineage_world *out)
{
	*out = (struct lineage_world){
		.ctx = (void *)(uintptr_t)w, .labels = w->labels, .may_apply = may_apply_named, .may_compare = may_compare};
}
