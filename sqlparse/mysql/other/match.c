/* The walk of the rules over the tokens: a PEG, ordered choice without another try. */
#include "run.h"

static bool walk(struct rules_run *r, uint16_t at);

static uint16_t kid(const struct rules_node *n, unsigned i)
{
	return rules_kids[n->first_kid + i];
}

/* ---- what is taken back when a choice fails ---- */

struct mark {
	size_t at, count, depth;
	const char *act_schema, *act_name;
};

static struct mark here(const struct rules_run *r)
{
	return (struct mark){.at = r->p->at, .count = r->count, .depth = r->p->depth, .act_schema = r->act_schema, .act_name = r->act_name};
}

/* The problem of the way that came furthest is the one to tell of, should no other way be found. */
static void back(struct rules_run *r, const struct mark *m)
{
	if (r->p->at >= r->problem_at && !r->refused) {
		r->problem = r->p->problem;
		r->problem_at = r->p->at;
	}
	r->p->problem = NULL;
	r->p->at = m->at;
	r->p->depth = m->depth;
	r->count = m->count;
	r->act_schema = m->act_schema;
	r->act_name = m->act_name;
}

/* Walks a node; where it fails all is as it was. */
static bool attempt(struct rules_run *r, uint16_t node)
{
	struct mark m = here(r);

	if (walk(r, node))
		return true;
	back(r, &m);
	return false;
}

/* ---- the operators ---- */

static bool all(struct rules_run *r, const struct rules_node *n)
{
	for (unsigned i = 0; i < n->kid_count; i++)
		if (!walk(r, kid(n, i)))
			return false;
	return true;
}

static bool any(struct rules_run *r, const struct rules_node *n)
{
	for (unsigned i = 0; i < n->kid_count && !rules_is_over(r); i++)
		if (attempt(r, kid(n, i)))
			return true;
	return false;
}

static bool many(struct rules_run *r, const struct rules_node *n)
{
	size_t before = r->p->at;

	while (attempt(r, kid(n, 0)) && r->p->at > before)
		before = r->p->at;
	return !rules_is_over(r);
}

/* A comma behind which nothing of the list stands is left to who comes next. */
static bool list(struct rules_run *r, const struct rules_node *n)
{
	if (!walk(r, kid(n, 0)))
		return false;
	for (;;) {
		struct mark m = here(r);

		if (!myparse_take_op(r->p, ','))
			return true;
		if (!walk(r, kid(n, 0))) {
			back(r, &m);
			return !rules_is_over(r);
		}
	}
}

static bool none(struct rules_run *r, const struct rules_node *n)
{
	struct mark m = here(r);
	bool found = walk(r, kid(n, 0));

	back(r, &m);
	return !found && !rules_is_over(r);
}

static bool act(struct rules_run *r, const struct rules_node *n)
{
	struct rules_found found = {.act = {.verb = (enum qw_verb)n->a, .kind_name = rules_strings[n->b]}};

	r->act_schema = r->act_name = NULL;
	if (n->kid_count && !walk(r, kid(n, 0)))
		return false;
	found.act.kind = r->act_name ? (enum qw_object_kind)n->object : QW_OBJECT_NONE;
	found.act.schema = r->act_schema;
	found.act.name = r->act_name;
	return rules_put(r, &found);
}

static bool spelled(struct rules_run *r, const char *word)
{
	bool is = myparse_is_spelled(r->p, 0, word);

	r->p->at += is;
	return is;
}

/* What is no keyword of this flavour is a name that is spelled so. */
static bool word(struct rules_run *r, uint16_t code)
{
	if (mylex_word_flags(code, r->p->dialect->flavour) & (MYLEX_WORD_IS | MYLEX_WORD_CALL))
		return myparse_take_word(r->p, code);
	return spelled(r, mylex_word_name(code));
}

static bool step(struct rules_run *r, const struct rules_node *n)
{
	switch ((enum rules_op)n->op) {
	case RULES_SEQ:
		return all(r, n);
	case RULES_ALT:
		return any(r, n);
	case RULES_OPT:
		return attempt(r, kid(n, 0)) || !rules_is_over(r);
	case RULES_MANY:
		return many(r, n);
	case RULES_LIST:
		return list(r, n);
	case RULES_NOT:
		return none(r, n);
	case RULES_WORD:
		return word(r, n->a);
	case RULES_NAME:
		return spelled(r, rules_strings[n->a]);
	case RULES_OP:
		return myparse_take_op(r->p, n->a);
	case RULES_RULE:
		return walk(r, rules_roots[n->a]);
	case RULES_CALL:
		return rules_call(r, (enum rules_call)n->a);
	case RULES_FLAVOUR:
		return r->p->dialect->flavour == (enum mysql_flavour)n->a;
	case RULES_ACT:
		return act(r, n);
	case RULES_REFUSE:
		return rules_refuse(r, rules_strings[n->a]);
	}
	return false;
}

/* Rules nest only through calls (expressions, queries, statements), whose depth the parser limits. Steps are counted as its nodes. */
static bool walk(struct rules_run *r, uint16_t at)
{
	if (rules_is_over(r))
		return false;
	if (++r->p->nodes > r->p->limits->nodes_max)
		return rules_refuse(r, "the statement has too many parts");
	return step(r, &rules_nodes[at]);
}

bool rules_match(struct rules_run *r, enum rules_rule rule)
{
	return walk(r, rules_roots[rule]);
}
