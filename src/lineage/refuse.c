/* How a refusal is said. The rules' names and meanings are flow's. */
#include "room.h"

const struct use use_output = {.rule = "flow.expression", .clause = "the select list"};
const struct use use_returning = {.rule = "flow.expression", .clause = "RETURNING"};
const struct use use_where = {.rule = "flow.predicate", .clause = "WHERE or ON"};
const struct use use_having = {.rule = "flow.predicate", .clause = "HAVING"};
const struct use use_order = {.rule = "flow.order", .clause = "ORDER BY"};
const struct use use_group = {.rule = "flow.group", .clause = "GROUP BY"};
const struct use use_distinct = {.rule = "flow.distinct", .clause = "DISTINCT"};
const struct use use_window = {.rule = "flow.window", .clause = "a window"};
const struct use use_limit = {.rule = "flow.limit", .clause = "LIMIT or OFFSET"};
const struct use use_setop = {.rule = "flow.setop", .clause = "UNION, INTERSECT or EXCEPT"};
const struct use use_join = {.rule = "flow.predicate", .clause = "USING or NATURAL JOIN"};
const struct use use_from = {.rule = "flow.function", .clause = "FROM"};
const struct use use_write = {.rule = "flow.write", .clause = "a value that is written"};
const struct use use_setting = {.rule = "flow.write", .clause = "a variable"};

/* What the PostgreSQL side would say does not fit. */
static const struct {
	const char *rule, *instead;
} insteads[] = {
	{"flow.distinct", "group by columns that are not sensitive, as the primary key"},
	{"flow.arbiter", "use INSERT without IGNORE and ON DUPLICATE KEY, or write the sensitive column by an UPDATE of a known row"},
	{"flow.unsupported", "say it otherwise"},
	{"flow.utility", "use SELECT, INSERT, UPDATE or DELETE"},
	{"flow.call", "use the server's own functions, or have the catalog read again"},
};

static const char *instead_of(const char *name)
{
	const struct flow_rule *rules = flow_rules();

	for (size_t i = 0; i < QW_COUNT(insteads); i++)
		if (strcmp(insteads[i].rule, name) == 0)
			return insteads[i].instead;
	for (size_t i = 0; rules[i].name; i++)
		if (strcmp(rules[i].name, name) == 0)
			return rules[i].instead;
	return "nothing like it";
}

int lineage_refuse(struct lineage *f, const char *rule, const char *object, const char *reason)
{
	if (!object || !reason)
		return QW_E_NOMEM;
	f->out->refusal = (struct flow_refusal){.rule = rule, .object = object, .reason = reason, .instead = instead_of(rule)};
	return QW_E_DENIED;
}

int lineage_unsupported(struct lineage *f, const char *what)
{
	return lineage_refuse(
		f, "flow.unsupported", what, qw_arena_printf(f->arena, "the statement has %s, which is not judged here", what));
}

int lineage_enter(struct lineage *f)
{
	if (f->depth >= LINEAGE_DEPTH_MAX)
		return lineage_refuse(f, "flow.size", "depth", "the statement is nested too deeply to be judged");
	if (f->visits >= LINEAGE_VISITS_MAX)
		return lineage_refuse(f, "flow.size", "nodes", "the statement is too long to be judged");
	f->depth++;
	f->visits++;
	return 0;
}

int lineage_work(struct lineage *f, size_t n)
{
	f->visits += n / LINEAGE_WORK;
	return f->visits < LINEAGE_VISITS_MAX ? 0 : lineage_refuse(f, "flow.size", "names", "the statement is too long to be judged");
}

const char *lineage_relation_name(struct lineage *f, const struct catalog_relation *r)
{
	return qw_arena_printf(f->arena, "%s.%s", r->schema, r->name);
}

/* "shop.customers.ssn"; what the column is called in the query, when its label does not tell. */
static const char *object_of(struct lineage *f, const struct column *c)
{
	const struct catalog_relation *r = c->relation_oid ? catalog_find(f->catalog, c->relation_oid) : NULL;
	const char *relation = r ? lineage_relation_name(f, r) : "query";

	if (c->label.column || !relation)
		return c->label.column;
	return c->name ? qw_arena_printf(f->arena, "%s.%s", relation, c->name) : relation;
}

/* "WHERE, as an argument of function lower" */
static const char *place_of(struct lineage *f, const struct use *use)
{
	if (!use->as)
		return use->clause;
	return qw_arena_printf(f->arena, "%s, as %s%s%s", use->clause, use->as, use->function ? " " : "",
		use->function ? use->function : "");
}

int lineage_refuse_column(struct lineage *f, const struct column *c, const struct use *use)
{
	const char *object = object_of(f, c), *place = place_of(f, use);

	if (!object || !place)
		return QW_E_NOMEM;
	if (c->label.kind == LABEL_UNKNOWN)
		return lineage_refuse(f, "flow.unknown", object,
			qw_arena_printf(f->arena, "the column %s was not reviewed yet, and is used in %s", object, place));
	if (c->label.kind == LABEL_DERIVED)
		return lineage_refuse(f, "flow.derived", object,
			qw_arena_printf(f->arena, "%s repeats or is computed from sensitive data, and is used in %s", object, place));
	return lineage_refuse(
		f, use->rule, object, qw_arena_printf(f->arena, "the sensitive column %s is used in %s", object, place));
}

int lineage_refuse_union(struct lineage *f, const struct column *a, const struct column *b)
{
	const char *one = object_of(f, lineage_is_sensitive(a) ? a : b);

	if (!one)
		return QW_E_NOMEM;
	return lineage_refuse(f, "flow.union", one,
		qw_arena_printf(f->arena, "values of %s and values under another mask, or none, would be one result column", one));
}
