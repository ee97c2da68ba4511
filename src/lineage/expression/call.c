/* Calls: what they are called with, and what they run. A native name means the native function, then a loadable, then a stored one. */
#include "../room.h"

static const char own_schema[] = "mysql"; /* what the policy calls the server's own functions by */

/* ---- what runs ---- */
static const struct catalog_function *stored(struct lineage *f, const char *schema, const char *name)
{
	if (!catalog_has_function(f->catalog, name))
		return NULL;
	f->visits += catalog_function_count(f->catalog) / LINEAGE_WORK;
	for (size_t i = 0; i < catalog_function_count(f->catalog); i++) {
		const struct catalog_function *c = catalog_function_at(f->catalog, i);

		if (c->kind == 'f' && names_match(c->name, name) == MATCH_YES && names_match_table(f, c->schema, schema) == MATCH_YES)
			return c;
	}
	return NULL;
}

static int call_stored(struct lineage *f, const struct my_call *c)
{
	const char *schema = c->schema ? c->schema : f->database;
	const struct catalog_function *known = schema ? stored(f, schema, c->name) : NULL;

	if (!known)
		return lineage_refuse(f, "flow.call", qw_arena_printf(f->arena, "%s%s%s", schema ? schema : "", schema ? "." : "", c->name),
			"a function that the catalog does not know would run");
	if (labels_function_is_plain(f->world->labels, known->oid))
		return 0;
	return lineage_add_act(f, QW_VERB_CALL, QW_OBJECT_FUNCTION, known->schema, known->name);
}

/* A user's function of this name: in a version that has no native one, it would run. */
static bool may_be_stored(struct lineage *f, const struct my_call *c)
{
	return !c->is_word && f->database && stored(f, f->database, c->name);
}

static int runs(struct lineage *f, const struct my_call *c, enum lineage_class class)
{
	if (c->schema || may_be_stored(f, c))
		return call_stored(f, c);
	if (class == LINEAGE_DENY && !c->is_word && !lineage_function_is_known(c->name))
		return call_stored(f, c);
	if (class == LINEAGE_DENY)
		return lineage_add_act(f, QW_VERB_CALL, QW_OBJECT_FUNCTION, own_schema, c->name);
	return 0;
}

/* ---- what makes much of little: as limits.h knows it ---- */
static struct limits_argument argument(const struct lineage *f, const struct my_expr *e)
{
	struct limits_argument a = {.kind = LIMITS_ARG_UNKNOWN};
	struct qw_bytes text = lineage_text(f, e);

	if (e->kind != MY_EXPR_LITERAL)
		return a;
	if (e->op == MY_LITERAL_NULL)
		a.kind = LIMITS_ARG_NULL;
	if (e->op == MY_LITERAL_STRING) {
		a.kind = LIMITS_ARG_TEXT;
		a.number = (int64_t)e->n;
	}
	if (e->op != MY_LITERAL_INT || text.n == 0 || text.n > 18)
		return a;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return a;
		a.number = a.number * 10 + (text.p[i] - '0');
	}
	a.kind = LIMITS_ARG_NUMBER;
	return a;
}

enum { ARGS_MAX = 4 };

static int cost(struct lineage *f, const struct my_expr *e)
{
	bool is_space = strcmp(e->call->name, "space") == 0; /* space(n) is repeat(' ', n) */
	struct flow_call call = {.name = is_space ? "repeat" : e->call->name, .arg_count = is_space};
	struct limits_argument *list = qw_arena_alloc(f->arena, ARGS_MAX * sizeof(*list));

	if (!list)
		return QW_E_NOMEM;
	list[0] = (struct limits_argument){.kind = LIMITS_ARG_TEXT, .number = 1};
	for (const struct my_expr *arg = e->args; arg && call.arg_count < ARGS_MAX; arg = arg->next)
		list[call.arg_count++] = argument(f, arg);
	call.args = list;
	return lineage_add_call(f, &call);
}

/* ---- what goes in ---- */

/* COUNT(column) tells how many are not NULL, which the masked rows show, too: unless the mask hides it. */
static int open_count(struct lineage *f, struct scope *s, const struct my_expr *e, const struct my_expr **opened)
{
	const struct my_call *c = e->call;
	struct column column;
	int rc;

	if (!c->is_aggregate || c->is_distinct || c->order || c->over || strcmp(c->name, "count") != 0 || !e->args || e->args->next ||
		e->args->kind != MY_EXPR_COLUMN)
		return 0;
	rc = names_column(f, s, e->args->column, &column);
	if (rc || !lineage_keeps_null(&column))
		return rc;
	f->out->applied++;
	*opened = e->args;
	return 0;
}

/* f(column), f(column, literal ...): *opened is the column, if the policy lets the function be applied to it. */
static int open_applied(struct lineage *f, struct scope *s, const struct my_expr *e, const struct my_expr **opened)
{
	const struct my_expr *only = NULL;
	struct column c;
	int rc;

	for (const struct my_expr *arg = e->args; arg; arg = arg->next) {
		if (lineage_is_literal(arg))
			continue;
		if (only || arg->kind != MY_EXPR_COLUMN)
			return 0;
		only = arg;
	}
	if (!only || !f->world->may_apply)
		return 0;
	rc = names_column(f, s, only->column, &c);
	if (rc || c.label.kind != LABEL_MASK || !f->world->may_apply(f->world->ctx, &c.label, own_schema, e->call->name))
		return rc;
	f->out->applied++;
	*opened = only;
	return 0;
}

static struct use inside_of(const struct use *use, const struct my_call *c, enum lineage_class class)
{
	struct use inside = *use;

	inside.as = "an argument of function";
	inside.function = c->name;
	inside.opened = NULL; /* what is open to a caller is not open to what it calls */
	if (strcmp(use->rule, "flow.expression") == 0)
		inside.rule = c->over ? "flow.window" : c->is_aggregate || class == LINEAGE_AGGREGATE ? "flow.aggregate" : "flow.function";
	return inside;
}

int lineage_call(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use)
{
	const struct my_call *c = e->call;
	enum lineage_class class = c->schema ? LINEAGE_DENY : lineage_function_class(f->world->dialect->flavour, c->name);
	struct use inside = inside_of(use, c, class);
	int rc = runs(f, c, class);

	if (rc == 0 && class == LINEAGE_AGGREGATE)
		rc = open_count(f, s, e, &inside.opened);
	else if (rc == 0 && (class == LINEAGE_PLAIN || class == LINEAGE_MUCH) && !may_be_stored(f, c))
		rc = open_applied(f, s, e, &inside.opened);
	if (rc == 0 && class == LINEAGE_MUCH)
		rc = cost(f, e);
	if (rc == 0)
		rc = lineage_used_all(f, s, e->args, &inside);
	if (rc == 0) {
		bool takes = s->takes_positions;

		s->takes_positions = false;
		rc = lineage_order(f, s, c->order, &inside);
		s->takes_positions = takes;
	}
	if (rc == 0)
		rc = lineage_used_all(f, s, c->more, &inside);
	return rc ? rc : lineage_windows(f, s, c->over);
}
