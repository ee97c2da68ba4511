/* The door: text in, statements out. */
#include "../facts/facts.h"
#include "parser.h"

static bool limits_hold(struct qw_bytes text, const struct sqlparse_limits *limits, struct mysql_parsed *out)
{
	if (text.n <= limits->text_bytes_max)
		return true;
	out->facts.problem = "the text is too long";
	return false;
}

struct list {
	struct my_statement **trees;
	size_t count, cap;
};

static int push(struct myparse *p, struct list *l, struct my_statement *s)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 4;
		struct my_statement **more = qw_arena_alloc(p->arena, cap * sizeof(struct my_statement *));

		if (!more)
			return QW_E_NOMEM;
		if (l->count)
			memcpy(more, l->trees, l->count * sizeof(struct my_statement *));
		l->trees = more;
		l->cap = cap;
	}
	l->trees[l->count++] = s;
	return 0;
}

static int statement(struct myparse *p, struct list *l)
{
	struct my_statement *s;

	if (l->count >= p->limits->statements_max) {
		(void)myparse_fail(p, "the text holds too many statements");
		return 0;
	}
	s = MYPARSE_NEW(p, struct my_statement);
	if (!s || !myparse_statement(p, s))
		return p->err;
	if (!myparse_is_end(p)) {
		(void)myparse_unknown(p);
		return p->err;
	}
	return push(p, l, s);
}

/* Nothing but semicolons is no statement at all; beside one the servers take no empty one. */
static bool take_empty(struct myparse *p)
{
	size_t from = p->at;

	while (myparse_take_op(p, ';'))
		continue;
	return (from == 0 && myparse_is_kind(p, 0, MYLEX_END)) || myparse_fail(p, "an empty statement stands beside another");
}

static int statements(struct myparse *p, struct list *l)
{
	while (!p->err && !p->problem && !myparse_is_kind(p, 0, MYLEX_END)) {
		int err;

		if (myparse_is_op(p, 0, ';')) {
			(void)take_empty(p);
			break;
		}
		err = statement(p, l);
		if (err)
			return err;
		(void)myparse_take_op(p, ';');
	}
	return p->err;
}

static int parse(struct myparse *p, struct mysql_parsed *out)
{
	struct list l = {0};
	int err = myparse_begin(p);

	if (!err)
		err = statements(p, &l);
	if (err)
		return err;
	if (!p->problem)
		err = myfacts_make(p, l.trees, l.count, &out->facts);
	if (err)
		return err;
	if (p->problem)
		out->facts = (struct qw_statements){.problem = p->problem};
	else
		out->trees = l.trees;
	return 0;
}

int sqlparse_mysql(struct qw_bytes text, const struct mysql_dialect *dialect, const struct sqlparse_limits *limits,
	struct qw_arena *arena, struct mysql_parsed *out)
{
	struct mylex lex;
	struct myparse p = {.lex = &lex, .dialect = dialect, .limits = limits, .arena = arena};
	int err;

	*out = (struct mysql_parsed){0};
	if (!limits_hold(text, limits, out))
		return 0;
	err = mylex_run(text, dialect, limits->nodes_max, arena, &lex);
	if (err == QW_E_LIMIT) {
		out->facts.problem = "the text has too many words";
		return 0;
	}
	if (err)
		return err;
	if (lex.problem) {
		out->facts.problem = lex.problem;
		return 0;
	}
	return parse(&p, out);
}
