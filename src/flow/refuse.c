/* The rules' names, and how a refusal is said. */
#include "room.h"

const struct use in_output = {.rule = "flow.expression", .clause = "the select list"};
const struct use in_returning = {.rule = "flow.expression", .clause = "RETURNING"};
const struct use in_where = {.rule = "flow.predicate", .clause = "WHERE or ON"};
const struct use in_having = {.rule = "flow.predicate", .clause = "HAVING"};
const struct use in_filter = {.rule = "flow.predicate", .clause = "FILTER"};
const struct use in_security = {.rule = "flow.predicate", .clause = "a row security policy"};
const struct use in_check = {
	.rule = "flow.predicate", .clause = "a check of what is written (WITH CHECK)"};
const struct use in_merge = {.rule = "flow.predicate", .clause = "a condition of MERGE"};
const struct use in_conflict_where = {
	.rule = "flow.predicate", .clause = "WHERE of ON CONFLICT DO UPDATE"};
const struct use in_order = {.rule = "flow.order", .clause = "ORDER BY"};
const struct use in_group = {.rule = "flow.group", .clause = "GROUP BY"};
const struct use in_distinct = {.rule = "flow.distinct", .clause = "DISTINCT"};
const struct use in_window = {.rule = "flow.window", .clause = "a window"};
const struct use in_limit = {.rule = "flow.limit", .clause = "LIMIT or OFFSET"};
const struct use in_setop = {.rule = "flow.setop", .clause = "UNION, INTERSECT or EXCEPT"};
const struct use in_sample = {.rule = "flow.sample", .clause = "TABLESAMPLE"};
const struct use in_from = {.rule = "flow.function", .clause = "a function in FROM"};
const struct use in_arbiter = {
	.rule = "flow.arbiter", .clause = "the conflict target of ON CONFLICT"};
const struct use in_write = {.rule = "flow.write", .clause = "a value that is written"};

#define BARE                                                                                       \
	"select the column itself: it comes masked; or compute from columns that are not "         \
	"sensitive"

/* name, meaning, what would be allowed instead */
#define RULES(X)                                                                                   \
	X("flow.unknown", "a relation or column that nobody reviewed is used",                     \
		"use reviewed columns, or have it reviewed: add it to the policy or read the "     \
		"catalog again")                                                                   \
	X("flow.derived",                                                                          \
		"something computed from sensitive columns, which no mask fits, would leave or "   \
		"be used",                                                                         \
		"select the columns that it is computed from: they come masked")                   \
	X("flow.whole_row", "a whole row that holds a sensitive column is used as one value",      \
		"name the columns, or use a star: they come masked one by one")                    \
	X("flow.expression", "a sensitive column is inside of an expression", BARE)                \
	X("flow.function", "a sensitive column is an argument of a function", BARE)                \
	X("flow.aggregate", "a sensitive column is inside of an aggregate",                        \
		"count(column) without DISTINCT, ORDER BY and FILTER; aggregate other columns")    \
	X("flow.window", "a sensitive column is an argument, a partition or an order of a window", \
		"partition and order by columns that are not sensitive")                           \
	X("flow.predicate", "a condition depends on a sensitive column",                           \
		"state conditions on columns that are not sensitive, as the primary key")          \
	X("flow.order", "rows are ordered by a sensitive column",                                  \
		"order by columns that are not sensitive")                                         \
	X("flow.group", "rows are grouped by a sensitive column",                                  \
		"group by columns that are not sensitive, as the primary key")                     \
	X("flow.distinct", "DISTINCT compares a sensitive column",                                 \
		"use DISTINCT ON columns that are not sensitive")                                  \
	X("flow.limit", "LIMIT or OFFSET depends on a sensitive column",                           \
		"use a constant or a parameter")                                                   \
	X("flow.setop", "UNION, INTERSECT or EXCEPT compares a sensitive column",                  \
		"use UNION ALL, which compares nothing")                                           \
	X("flow.union", "one result column would hold values under different masks",               \
		"select columns under different masks as different result columns")                \
	X("flow.sample", "TABLESAMPLE depends on a sensitive column", "use a constant")            \
	X("flow.definition",                                                                       \
		"definitions of the server's catalogs in which data may stand are compared, "      \
		"taken apart or copied",                                                           \
		"select them whole, from the catalog's own tables: SELECT conname, "               \
		"pg_get_constraintdef(oid) FROM pg_constraint; compare and sort by names")         \
	X("flow.write", "a sensitive value would be copied into another place",                    \
		"write constants, parameters and columns that are not sensitive")                  \
	X("flow.arbiter", "ON CONFLICT would tell whether a sensitive value exists",               \
		"name a conflict target of columns that are not sensitive, as ON CONFLICT (id)")   \
	X("flow.constraint", "whether a write fails would tell of a sensitive column",                     \
		"leave its columns out of the write; or the policy opens equality of the column "  \
		"to single values, or names the constraint as reviewed")                           \
	X("flow.hazard", "writing there would also do something that was not reviewed",            \
		"have it reviewed, or write elsewhere")                                            \
	X("flow.type", "a type's own code that was not reviewed would run", "use the base type")   \
	X("flow.call", "a function or operator that the catalog does not know would run",          \
		"have the catalog read again")                                                     \
	X("flow.rule", "a rewrite rule would return sensitive rows beside the statement's own",    \
		"use tables without such rules")                                                   \
	X("flow.utility", "the server did not analyse the statement", "send the query itself")     \
	X("flow.size", "the statement is too deep or too long to be judged",                       \
		"send a simpler statement")                                                        \
	X("flow.unsupported", "the server's tree has a shape that is not known", "say it otherwise")

static const struct flow_rule rules[] = {
#define X(name, meaning, instead) {name, meaning, instead},
	RULES(X)
#undef X
	{NULL, NULL, NULL},
};

const struct flow_rule *flow_rules(void)
{
	return rules;
}

static const char *instead_of(const char *name)
{
	for (size_t i = 0; rules[i].name; i++)
		if (strcmp(rules[i].name, name) == 0)
			return rules[i].instead;
	return "nothing like it";
}

int flow_refuse(struct flow *f, const char *rule, const char *object, const char *reason)
{
	if (!object || !reason)
		return QW_E_NOMEM;
	f->out->refusal = (struct flow_refusal){
		.rule = rule, .object = object, .reason = reason, .instead = instead_of(rule)};
	return QW_E_DENIED;
}

int flow_unsupported(struct flow *f, const char *what, const char *where)
{
	return flow_refuse(f, "flow.unsupported", what,
		qw_arena_printf(f->arena, "the server's tree has %s in %s, which is not known here",
			what, where));
}

int flow_enter(struct flow *f)
{
	if (f->depth >= FLOW_DEPTH_MAX)
		return flow_refuse(
			f, "flow.size", "depth", "the statement is nested too deeply to be judged");
	if (f->visits >= FLOW_VISITS_MAX)
		return flow_refuse(
			f, "flow.size", "nodes", "the statement is too long to be judged");
	f->depth++;
	f->visits++;
	return 0;
}

const char *flow_relation_name(struct flow *f, uint32_t oid)
{
	const char *schema, *name;

	if (!f->world->relation(f->world->ctx, oid, &schema, &name))
		return qw_arena_printf(f->arena, "relation %u", oid);
	return qw_arena_printf(f->arena, "%s.%s", schema, name);
}

const char *flow_function_name(struct flow *f, uint32_t oid)
{
	const char *schema, *name;

	if (!f->world->function(f->world->ctx, oid, &schema, &name))
		return qw_arena_printf(f->arena, "function %u", oid);
	return qw_arena_printf(f->arena, "%s.%s", schema, name);
}

/* "public.customers.ssn"; what the column is called in the query, when its label does not tell. */
static const char *object_of(struct flow *f, const struct column *c)
{
	const char *relation;

	if (c->label.column)
		return c->label.column;
	relation = c->relation_oid ? flow_relation_name(f, c->relation_oid) : "query";
	if (!relation)
		return NULL;
	return c->name ? qw_arena_printf(f->arena, "%s.%s", relation, c->name) : relation;
}

/* "WHERE, as an argument of function pg_catalog.lower" */
static const char *place_of(struct flow *f, const struct use *use)
{
	const char *function;

	if (!use->as)
		return use->clause;
	if (!use->function_oid)
		return qw_arena_printf(f->arena, "%s, as %s", use->clause, use->as);
	function = flow_function_name(f, use->function_oid);
	return function ? qw_arena_printf(f->arena, "%s, as %s %s", use->clause, use->as, function)
			: NULL;
}

int flow_refuse_column(struct flow *f, const struct column *c, const struct use *use)
{
	const char *object = object_of(f, c), *place = place_of(f, use);

	if (!object || !place)
		return QW_E_NOMEM;
	if (c->is_whole_row)
		return flow_refuse(f, "flow.whole_row", object,
			qw_arena_printf(f->arena,
				"a whole row with sensitive columns of %s is used in %s", object,
				place));
	if (c->label.kind == LABEL_UNKNOWN)
		return flow_refuse(f, "flow.unknown", object,
			qw_arena_printf(f->arena,
				"the column %s was not reviewed yet, and is used in %s", object,
				place));
	if (c->label.kind == LABEL_DERIVED)
		return flow_refuse(f, "flow.derived", object,
			qw_arena_printf(f->arena,
				"%s is computed from sensitive columns, and is used in %s", object,
				place));
	return flow_refuse(f, use->rule, object,
		qw_arena_printf(f->arena, "the sensitive column %s is used in %s", object, place));
}

int flow_refuse_union(struct flow *f, const struct column *a, const struct column *b)
{
	const char *one = object_of(f, column_is_sensitive(a) ? a : b);

	if (!one)
		return QW_E_NOMEM;
	return flow_refuse(f, "flow.union", one,
		qw_arena_printf(f->arena,
			"values of %s and values under another mask, or none, would be one result "
			"column",
			one));
}
