/* OR, XOR, AND, NOT, comparisons, predicates, arithmetic: the servers' levels, with what differs between the flavours. */
#include "expr.h"

/* ---- OR, XOR, AND ---- */
static int logical(const struct myparse *p, int level)
{
	if (level == 0)
		return myparse_is_word(p, 0, MYW_OR) || myparse_is_op(p, 0, MYLEX_OP_OR) ? MY_OP_OR : -1;
	if (level == 1)
		return myparse_is_word(p, 0, MYW_XOR) ? MY_OP_XOR : -1;
	return myparse_is_word(p, 0, MYW_AND) || myparse_is_op(p, 0, MYLEX_OP_AND) ? MY_OP_AND : -1;
}

/* A chain of one operator is one node of many operands: long lists are not deep. */
static struct my_expr *logical_level(struct myparse *p, int level)
{
	size_t from = p->at;
	struct my_expr *first = level < 2 ? logical_level(p, level + 1) : myexpr_not(p), *e, *last = first;
	int op = first ? logical(p, level) : -1;

	if (op < 0)
		return first;
	e = myexpr_new(p, MY_EXPR_OP, op, from);
	if (!e)
		return NULL;
	e->args = first;
	while (logical(p, level) >= 0) {
		p->at++;
		last->next = level < 2 ? logical_level(p, level + 1) : myexpr_not(p);
		last = last->next;
		if (!last)
			return NULL;
	}
	return myexpr_done(p, e, from);
}

struct my_expr *myparse_expr(struct myparse *p)
{
	struct my_expr *e;

	if (!myparse_enter(p))
		return NULL;
	e = logical_level(p, 0);
	myparse_leave(p);
	return e;
}

struct my_expr *myparse_exprs(struct myparse *p)
{
	struct my_expr *first = myparse_expr(p), *last = first;

	while (last && myparse_take_op(p, ',')) {
		last->next = myparse_expr(p);
		last = last->next;
	}
	return last ? first : NULL;
}

/* ---- comparisons ---- */
static int comparison(const struct myparse *p)
{
	const struct mylex_token *t = myparse_peek(p, 0);

	if (t->kind != MYLEX_OP)
		return -1;
	switch (t->code) {
	case '=':
		return MY_OP_EQ;
	case MYLEX_OP_SAFE_EQ:
		return MY_OP_SAFE_EQ;
	case MYLEX_OP_GE:
		return MY_OP_GE;
	case '>':
		return MY_OP_GT;
	case MYLEX_OP_LE:
		return MY_OP_LE;
	case '<':
		return MY_OP_LT;
	case MYLEX_OP_NE:
		return MY_OP_NE;
	default:
		return -1;
	}
}

static struct my_expr *predicate(struct myparse *p);

/* ALL (query), ANY (query), SOME (query), or a value. */
static struct my_expr *compared(struct myparse *p, int op)
{
	int word = myparse_word(p, 0);

	if ((word == MYW_ALL || word == MYW_ANY || word == MYW_SOME) && myparse_is_op(p, 1, '(')) {
		if (op == MY_OP_SAFE_EQ) {
			myparse_unknown(p);
			return NULL;
		}
		p->at++;
		return myexpr_query(p);
	}
	return predicate(p);
}

/* IS [NOT] NULL, TRUE, FALSE, UNKNOWN. In MySQL all but NULL end the comparison. */
static struct my_expr *is_what(struct myparse *p, size_t from, struct my_expr *e, bool *ends)
{
	int word;

	p->at++;
	(void)myparse_take_word(p, MYW_NOT);
	word = myparse_word(p, 0);
	if (word != MYW_NULL && word != MYW_TRUE && word != MYW_FALSE && word != MYW_UNKNOWN) {
		myparse_unknown(p);
		return NULL;
	}
	p->at++;
	*ends = !p->is_maria && word != MYW_NULL;
	return myexpr_unary(p, MY_OP_IS, from, e);
}

static struct my_expr *boolean(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = predicate(p);
	bool ends = false;

	while (e && !ends) {
		int op = comparison(p);

		if (op >= 0) {
			struct my_expr *right;

			p->at++;
			right = compared(p, op);
			e = myexpr_binary(p, (enum my_op)op, from, e, right);
		} else if (myparse_is_word(p, 0, MYW_IS))
			e = is_what(p, from, e, &ends);
		else
			break;
	}
	return e;
}

struct my_expr *myexpr_not(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e;

	if (!myparse_is_word(p, 0, MYW_NOT) || p->dialect->modes & MYSQL_MODE_HIGH_NOT_PRECEDENCE)
		return boolean(p);
	p->at++;
	if (!myparse_enter(p))
		return NULL;
	e = myexpr_not(p);
	myparse_leave(p);
	return myexpr_unary(p, MY_OP_NOT, from, e);
}

/* ---- predicates ---- */
static struct my_expr *in_list(struct myparse *p, size_t from, struct my_expr *left)
{
	struct my_expr *right;

	if (!myparse_is_op(p, 0, '(')) {
		myparse_unknown(p);
		return NULL;
	}
	if (myparse_at_query(p))
		return myexpr_binary(p, MY_OP_IN, from, left, myexpr_query(p));
	p->at++;
	right = myparse_exprs(p);
	if (!right || !myparse_want_op(p, ')'))
		return NULL;
	return myexpr_binary(p, MY_OP_IN, from, left, right);
}

/* BETWEEN a AND b: MariaDB takes more than MySQL for a. */
static struct my_expr *between(struct myparse *p, size_t from, struct my_expr *left)
{
	struct my_expr *low, *high;

	if (!myparse_enter(p))
		return NULL;
	low = p->is_maria ? predicate(p) : myexpr_bit(p);
	high = low && myparse_want_word(p, MYW_AND) ? predicate(p) : NULL;
	myparse_leave(p);
	if (!high)
		return NULL;
	low->next = high;
	return myexpr_binary(p, MY_OP_BETWEEN, from, left, low);
}

static struct my_expr *like(struct myparse *p, size_t from, struct my_expr *left)
{
	struct my_expr *right = p->is_maria ? myexpr_bit(p) : myexpr_concat(p);

	if (right && myparse_take_word(p, MYW_ESCAPE)) {
		right->next = p->is_maria ? myexpr_bit(p) : myexpr_concat(p);
		if (!right->next)
			return NULL;
	}
	return myexpr_binary(p, MY_OP_LIKE, from, left, right);
}

static struct my_expr *member_of(struct myparse *p, size_t from, struct my_expr *left)
{
	struct my_expr *right;

	(void)myparse_take_word(p, MYW_OF);
	if (!myparse_want_op(p, '('))
		return NULL;
	right = myexpr_concat(p);
	if (!right || !myparse_want_op(p, ')'))
		return NULL;
	return myexpr_binary(p, MY_OP_MEMBER_OF, from, left, right);
}

/* The word that makes a predicate of what stands left of it, behind an optional NOT. */
static int predicate_word(const struct myparse *p, size_t more)
{
	switch (myparse_word(p, more)) {
	case MYW_IN:
	case MYW_BETWEEN:
	case MYW_LIKE:
	case MYW_REGEXP:
	case MYW_RLIKE:
		return myparse_word(p, more);
	default:
		return MYLEX_NO_WORD;
	}
}

static struct my_expr *more_predicate(struct myparse *p, size_t from, struct my_expr *left, bool *found)
{
	bool is_not = myparse_is_word(p, 0, MYW_NOT);
	int word = predicate_word(p, is_not);

	*found = true;
	if (!is_not && myparse_is_word(p, 0, MYW_MEMBER) && !p->is_maria) {
		p->at++;
		return member_of(p, from, left);
	}
	if (!is_not && myparse_take_word(p, MYW_SOUNDS)) {
		if (!myparse_want_word(p, MYW_LIKE))
			return NULL;
		return myexpr_binary(p, MY_OP_SOUNDS_LIKE, from, left, myexpr_bit(p));
	}
	if (word == MYLEX_NO_WORD) {
		*found = false;
		return left;
	}
	p->at += 1 + is_not;
	if (word == MYW_IN)
		return in_list(p, from, left);
	if (word == MYW_BETWEEN)
		return between(p, from, left);
	if (word == MYW_LIKE)
		return like(p, from, left);
	return myexpr_binary(p, MY_OP_REGEXP, from, left, myexpr_bit(p));
}

/* MariaDB chains them (a LIKE b LIKE c), MySQL takes one. */
static struct my_expr *predicate(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_bit(p);
	bool found = e != NULL;

	while (e && found) {
		e = more_predicate(p, from, e, &found);
		if (!p->is_maria)
			break;
	}
	return e;
}

/* ---- | & << >> + - * / % ^ ---- */
enum { LEVEL_ADD = 4, LEVEL_TIGHTEST = 6 };

static int arithmetic(const struct myparse *p, int *level)
{
	static const struct {
		uint16_t kind, code;
		uint8_t op, level;
	} all[] = {{MYLEX_OP, '|', MY_OP_BIT_OR, 1}, {MYLEX_OP, '&', MY_OP_BIT_AND, 2}, {MYLEX_OP, MYLEX_OP_SHL, MY_OP_SHL, 3},
		{MYLEX_OP, MYLEX_OP_SHR, MY_OP_SHR, 3}, {MYLEX_OP, '+', MY_OP_ADD, LEVEL_ADD}, {MYLEX_OP, '-', MY_OP_SUB, LEVEL_ADD},
		{MYLEX_OP, '*', MY_OP_MUL, 5}, {MYLEX_OP, '/', MY_OP_DIV, 5}, {MYLEX_OP, '%', MY_OP_MOD, 5},
		{MYLEX_WORD, MYW_DIV, MY_OP_INT_DIV, 5}, {MYLEX_WORD, MYW_MOD, MY_OP_MOD, 5}, {MYLEX_OP, '^', MY_OP_BIT_XOR, 6}};
	const struct mylex_token *t = myparse_peek(p, 0);

	if (t->kind != MYLEX_OP && t->kind != MYLEX_WORD)
		return -1;
	for (size_t i = 0; i < QW_COUNT(all); i++)
		if (t->kind == all[i].kind && t->code == all[i].code) {
			*level = all[i].level;
			return all[i].op;
		}
	return -1;
}

/* a + INTERVAL e unit: the sign is taken */
static struct my_expr *plus_interval(struct myparse *p, int op, size_t from, struct my_expr *left)
{
	struct my_expr *e = myexpr_new(p, MY_EXPR_OP, op == MY_OP_ADD ? MY_OP_INTERVAL_ADD : MY_OP_INTERVAL_SUB, from);

	p->at++;
	if (!myexpr_add(p, e, left) || !myexpr_interval(p, e))
		return NULL;
	return myexpr_done(p, e, from);
}

/* INTERVAL e unit + x */
static struct my_expr *interval_first(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_OP, MY_OP_INTERVAL_ADD, from), *right;

	if (!e || !myexpr_interval(p, e) || !myparse_want_op(p, '+'))
		return NULL;
	if (!myparse_enter(p))
		return NULL;
	right = myexpr_not(p);
	myparse_leave(p);
	if (!myexpr_add(p, e, right))
		return NULL;
	return myexpr_done(p, e, from);
}

static struct my_expr *arithmetic_level(struct myparse *p, int least)
{
	size_t from = p->at;
	struct my_expr *e = least > LEVEL_TIGHTEST ? myexpr_concat(p) : NULL, *last = NULL;
	int op, level = 0, chained = -1;

	if (least > LEVEL_TIGHTEST)
		return e;
	e = myexpr_at_interval(p) ? interval_first(p) : myexpr_concat(p);
	while (e && (op = arithmetic(p, &level)) >= least && level >= least) {
		struct my_expr *right;

		p->at++;
		if (level == LEVEL_ADD && myexpr_at_interval(p)) {
			e = plus_interval(p, op, from, e);
			chained = -1;
			continue;
		}
		right = arithmetic_level(p, level + 1);
		if (right && op == chained) { /* one more operand of the same node */
			last->next = right;
			e = myexpr_extended(p, e, from, right);
		} else
			e = myexpr_binary(p, (enum my_op)op, from, e, right);
		chained = op;
		last = right;
	}
	return e;
}

struct my_expr *myexpr_bit(struct myparse *p)
{
	return arithmetic_level(p, 1);
}
