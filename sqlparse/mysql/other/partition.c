/* Partitions: what the servers' grammars count and compare while they parse, and call a syntax error when it does not fit. */
#include "run.h"

/* partition_info.cc: functions that a partitioning expression may hold. Operators are no matter. */
static const char *const allowed[] = {"ABS", "CEILING", "CEIL", "DATEDIFF", "DAY", "DAYOFMONTH", "DAYOFWEEK", "DAYOFYEAR", "EXTRACT",
	"FLOOR", "HOUR", "MICROSECOND", "MINUTE", "MOD", "MONTH", "QUARTER", "SECOND", "TIME_TO_SEC", "TO_DAYS", "TO_SECONDS",
	"UNIX_TIMESTAMP", "WEEKDAY", "YEAR", "YEARWEEK"};

static bool is_allowed(const struct myparse *p, size_t more)
{
	for (size_t i = 0; i < QW_COUNT(allowed); i++)
		if (myparse_is_spelled(p, more, allowed[i]))
			return true;
	return false;
}

bool rules_call_partition_expr(struct rules_run *r)
{
	size_t from = r->p->at, until;

	if (!rules_call_expr_bit(r))
		return false;
	until = r->p->at;
	for (size_t i = from; i < until; i++) {
		const struct mylex_token *t = &r->p->lex->tokens[i];

		if (t->kind == MYLEX_WORD && t->code == MYW_SELECT)
			return false;
		r->p->at = i;
		if ((t->kind == MYLEX_WORD || t->kind == MYLEX_IDENT) && myparse_is_op(r->p, 1, '(') && !is_allowed(r->p, 0))
			return false;
		if (t->kind == MYLEX_OP && (t->code == '@' || t->code == MYLEX_OP_ATAT || t->code == MYLEX_OP_PARAM))
			return false;
	}
	r->p->at = until;
	return true;
}

/* ---- counts ---- */

/* What is said of a list of partitions, and what it holds; 0: not said. */
struct counts {
	size_t wanted, wanted_sub, columns; /* PARTITIONS n, SUBPARTITIONS n, of (RANGE|LIST) COLUMNS */
	size_t partitions, sub; /* sub: of the first partition */
	bool has_sub, fits;
};

static const struct mylex_token *token(const struct rules_run *r, size_t at)
{
	return &r->p->lex->tokens[at];
}

static bool is_op(const struct rules_run *r, size_t at, uint16_t op)
{
	return token(r, at)->kind == MYLEX_OP && token(r, at)->code == op;
}

static bool is_word(const struct rules_run *r, size_t at, uint16_t word)
{
	return token(r, at)->kind == MYLEX_WORD && token(r, at)->code == word;
}

static size_t past(const struct rules_run *r, size_t at) /* a bracket and what it holds, or one token */
{
	return is_op(r, at, '(') && r->p->closers[at] ? (size_t)r->p->closers[at] + 1 : at + 1;
}

/* How many things the bracket at `at` holds, by its commas. */
static size_t width(const struct rules_run *r, size_t at)
{
	size_t n = 1;

	for (size_t i = at + 1; i < r->p->closers[at]; i = past(r, i))
		n += is_op(r, i, ',');
	return n;
}

static void see_columns(struct counts *c, size_t n)
{
	if (c->columns == 0)
		c->columns = n;
	c->fits = c->fits && c->columns == n;
}

/* VALUES LESS THAN MAXVALUE, LESS THAN (...), IN (...) */
static void see_values(const struct rules_run *r, struct counts *c, size_t at)
{
	if (is_word(r, at, MYW_LESS)) {
		see_columns(c, is_op(r, at + 2, '(') ? width(r, at + 2) : 1);
		return;
	}
	if (!is_word(r, at, MYW_IN) || !is_op(r, at + 1, '('))
		return;
	if (!is_op(r, at + 2, '(')) {
		see_columns(c, 1);
		return;
	}
	c->fits = c->fits && width(r, at + 2) > 1;
	for (size_t i = at + 2; i < r->p->closers[at + 1]; i = past(r, i))
		if (is_op(r, i, '('))
			see_columns(c, width(r, i));
}

/* The list between the brackets. */
static void see_list(const struct rules_run *r, struct counts *c, size_t open)
{
	for (size_t i = open + 1; i < r->p->closers[open]; i = past(r, i)) {
		if (is_word(r, i, MYW_PARTITION) && (i == open + 1 || is_op(r, i - 1, ',')))
			c->partitions++;
		if (is_word(r, i, MYW_VALUES))
			see_values(r, c, i + 1);
		if (is_op(r, i, '(') && is_word(r, i + 1, MYW_SUBPARTITION)) {
			c->has_sub = true;
			c->sub += width(r, i);
			c->fits = c->fits && width(r, i) * c->partitions == c->sub;
		}
	}
	c->fits = c->fits && (!c->wanted || c->wanted == c->partitions);
	c->fits = c->fits && (!c->has_sub || c->sub % c->partitions == 0);
	c->fits = c->fits && (!c->has_sub || !c->wanted_sub || c->wanted_sub * c->partitions == c->sub);
}

static size_t number_at(const struct rules_run *r, size_t at)
{
	size_t n = 0;

	for (uint32_t i = 0; i < token(r, at)->n && n < 100000; i++)
		n = n * 10 + (size_t)(r->p->lex->text.p[token(r, at)->at + i] - '0');
	return n;
}

/* Behind a list of partitions, or where one could have stood: does it fit what was said before it? */
bool rules_call_partition_end(struct rules_run *r)
{
	struct counts c = {.fits = true};
	size_t begin = r->p->at, open = 0;

	while (begin > 0 && !(is_word(r, begin - 1, MYW_PARTITION) && is_word(r, begin, MYW_BY)))
		begin--;
	for (size_t i = begin; i < r->p->at; i = past(r, i)) {
		if (is_word(r, i, MYW_PARTITIONS))
			c.wanted = number_at(r, i + 1);
		if (is_word(r, i, MYW_SUBPARTITIONS))
			c.wanted_sub = number_at(r, i + 1);
		if (is_word(r, i, MYW_COLUMNS) && is_op(r, i + 1, '('))
			c.columns = width(r, i + 1);
		if (is_op(r, i, '(') && is_word(r, i + 1, MYW_PARTITION))
			open = i;
	}
	if (begin > 0 && (is_word(r, begin + 1, MYW_RANGE) || is_word(r, begin + 1, MYW_LIST)) && c.columns == 0)
		c.columns = 1;
	if (open)
		see_list(r, &c, open);
	return c.fits;
}
