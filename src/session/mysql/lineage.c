/* What reaches which column of a result, asked of the room lineage with the labels of the session, before anything runs. */
#include "conversation.h"

#include "qw/lineage.h"

static bool may_apply(void *ctx, const struct label *column, const char *schema, const char *function)
{
	const struct session *s = ctx;

	return column->spec && policy_may_apply(s->policy, column->spec, schema, function);
}

static bool may_compare(void *ctx, const struct label *column)
{
	const struct session *s = ctx;
	const struct policy_mask *m = column->spec ? policy_mask_of(s->policy, column->spec) : NULL;

	return m && m->allows_equality;
}

bool my_is_plain_call(const struct session *s, const struct qw_act *act)
{
	if (act->verb != QW_VERB_CALL || act->schema || !act->name || !act->kind_name || strcmp(act->kind_name, "function") != 0)
		return false;
	switch (lineage_function_class(s->my->dialect.flavour, act->name)) {
	case LINEAGE_DENY:
		return false;
	case LINEAGE_PLAIN:
	case LINEAGE_MUCH:
	case LINEAGE_SESSION:
	case LINEAGE_AGGREGATE:
		return true;
	}
	return false;
}

bool my_resolve(struct session *s)
{
	struct run *r = &s->run;
	const struct resolution_need need = {.owner = r->judged};
	const struct lineage_world world = {.labels = s->labels, .dialect = &s->my->dialect, .limits = &s->config->limits.sql,
		.database = *s->database ? s->database : NULL, .ctx = s, .may_apply = may_apply, .may_compare = may_compare};
	struct resolution *made;
	int err;

	resolution_unref(r->resolution);
	r->resolution = NULL;
	if (!s->labels || !r->judged->trees)
		return true;
	made = resolution_for(s, &need);
	if (!made)
		return false;
	r->resolution = made;
	err = lineage_judge(r->judged->trees[0], r->judged->facts.list[0].text, &world, &made->arena, &made->flows[0]);
	made->is_asked[0] = true;
	if (!err)
		return true;
	session_out_of_memory(s);
	return false;
}

/* Masks need to know where each row comes from: what gives rows or tells values, and shows no tree of it. NULL: nothing to object. */
const char *my_object_for_masks(const struct session *s, const struct qw_statement *st, const struct flow_result *f)
{
	const struct catalog *catalog = labels_catalog(s->labels);

	for (size_t i = 0; i < st->act_count; i++) {
		const struct qw_act *a = &st->acts[i];

		if (a->verb == QW_VERB_SHOW && a->kind_name && strcmp(a->kind_name, "diagnostics") == 0)
			return "SHOW WARNINGS, SHOW ERRORS and GET DIAGNOSTICS, which can repeat masked values,";
		if (a->verb == QW_VERB_CALL && a->kind_name && strcmp(a->kind_name, "procedure") == 0)
			return "CALL, whose rows nobody could mask,";
		if (a->verb == QW_VERB_HANDLER)
			return "HANDLER, whose rows nobody could mask,";
		if ((a->verb == QW_VERB_DDL_CREATE || a->verb == QW_VERB_DDL_CREATE_AS) && a->kind == QW_OBJECT_RELATION && a->schema &&
			a->name && catalog_find_named(catalog, a->schema, a->name)) /* a temporary one would hide the other */
			return "CREATE of a table that is there already";
	}
	return st->explains && f && f->reads_labelled_count ? "EXPLAIN of a statement that reads masked columns" : NULL;
}
