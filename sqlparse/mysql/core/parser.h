/*
 * The parser's hands: tokens, memory, limits, refusals, names. Every function that can fail returns false or NULL and has set
 * p->problem (a sentence) or p->err; callers only pass that on. The first problem stays.
 */
#ifndef SQLPARSE_MYSQL_PARSER_H
#define SQLPARSE_MYSQL_PARSER_H

#include "../lex/lex.h"
#include "qw/mysqlparse.h"

struct myparse {
	const struct mylex *lex;
	const struct mysql_dialect *dialect;
	const struct sqlparse_limits *limits;
	struct qw_arena *arena;
	uint32_t *closers; /* of each "(" token: the token that closes it; 0 none */
	size_t at; /* of the token that is next */
	size_t depth, nodes, subqueries;
	uint16_t high; /* the highest tree below the query that is being read */
	int err;
	const char *problem;
	bool is_maria;
	bool in_duplicate; /* ON DUPLICATE KEY UPDATE: VALUES(c) is a function */
	bool in_routine; /* the body of a procedure, trigger, event: bare names may be variables */
};

/* Of what calls itself while parsing: bounds the stack (measured: below 2 kB a level), whatever limits->depth_max says. */
enum { MYPARSE_DEPTH_MAX = 500 };

int myparse_begin(struct myparse *p) QW_MUST_CHECK; /* lex, dialect, limits and arena are set: finds the closers */
bool myparse_fail(struct myparse *p, const char *why); /* false; a constant sentence */
bool myparse_unknown(struct myparse *p); /* false: what comes next is not known to the grammar */
bool myparse_enter(struct myparse *p); /* one level deeper; with myparse_leave() */
static inline void myparse_leave(struct myparse *p)
{
	p->depth--;
}
void *myparse_new(struct myparse *p, size_t size); /* zeroed; counted; NULL sets err */
#define MYPARSE_NEW(p, type) ((type *)myparse_new((p), sizeof(type)))
char *myparse_copy(struct myparse *p, struct qw_bytes s); /* NUL-terminated */

/* ---- tokens ---- */
static inline const struct mylex_token *myparse_peek(const struct myparse *p, size_t more)
{
	size_t at = p->at + more;

	return &p->lex->tokens[at < p->lex->count ? at : p->lex->count - 1];
}
static inline bool myparse_is_kind(const struct myparse *p, size_t more, enum mylex_kind kind)
{
	return myparse_peek(p, more)->kind == kind;
}
static inline bool myparse_is_op(const struct myparse *p, size_t more, int op)
{
	const struct mylex_token *t = myparse_peek(p, more);

	return t->kind == MYLEX_OP && t->code == op;
}
static inline bool myparse_is_word(const struct myparse *p, size_t more, int word)
{
	const struct mylex_token *t = myparse_peek(p, more);

	return t->kind == MYLEX_WORD && t->code == word;
}
static inline int myparse_word(const struct myparse *p, size_t more) /* MYLEX_NO_WORD when it is none */
{
	const struct mylex_token *t = myparse_peek(p, more);

	return t->kind == MYLEX_WORD ? t->code : MYLEX_NO_WORD;
}
static inline bool myparse_take_op(struct myparse *p, int op)
{
	bool is = myparse_is_op(p, 0, op);

	p->at += is;
	return is;
}
static inline bool myparse_take_word(struct myparse *p, int word)
{
	bool is = myparse_is_word(p, 0, word);

	p->at += is;
	return is;
}
bool myparse_take_words(struct myparse *p, int first, int second); /* both or none */
bool myparse_want_op(struct myparse *p, int op);
bool myparse_want_word(struct myparse *p, int word);
bool myparse_is_end(const struct myparse *p); /* ";" or the end of the text */
/* Is token `more` the word spelled so (upper case), keyword or not? For words that are no keywords of this flavour. */
bool myparse_is_spelled(const struct myparse *p, size_t more, const char *word);
struct qw_bytes myparse_spelling(const struct myparse *p, size_t from, size_t until); /* the text of tokens from..until-1 */

/* ---- names ---- */
bool myparse_is_name(const struct myparse *p, size_t more); /* a name as MySQL's `ident`: bare, quoted, not reserved */
const char *myparse_name(struct myparse *p); /* reads one */
const char *myparse_text_name(struct myparse *p); /* a name or a string: `ident_or_text` */
bool myparse_string(struct myparse *p, const char **out); /* a string literal without introducer: its value */
/* [schema.]name; MariaDB: also .name */
bool myparse_qualified(struct myparse *p, const char **schema, const char **name);
struct my_named *myparse_names(struct myparse *p); /* name, name ... */
bool myparse_int(struct myparse *p, struct qw_bytes *digits); /* an integer literal */

/* ---- what statements are made of; each in its own folder ---- */
struct my_expr *myparse_expr(struct myparse *p);
struct my_expr *myparse_exprs(struct myparse *p); /* expr, expr ... */
struct my_query *myparse_query(struct myparse *p); /* with its tail; what may stand where a subquery or view can */
struct my_query *myparse_select(struct myparse *p); /* a statement by itself: INTO may stand in it */
struct my_query *myparse_subquery(struct myparse *p); /* ( query ) */
bool myparse_at_query(const struct myparse *p); /* SELECT, WITH, TABLE, VALUES come next, or "(" that opens a query */
struct my_source *myparse_table(struct myparse *p); /* [schema.]name alone, no alias */
struct my_source *myparse_sources(struct myparse *p); /* what stands behind FROM */
struct my_order *myparse_order(struct myparse *p); /* behind ORDER BY: a, b DESC */
struct my_item *myparse_items(struct myparse *p); /* what is selected or returned */
bool myparse_where(struct myparse *p, struct my_expr **out); /* [WHERE expr] */

/* ---- statements ---- */
bool myparse_statement(struct myparse *p, struct my_statement *s); /* one, up to its end */
/* Notes for statements that are no query and no write. Strings must live as long as the arena. */
bool myparse_note(struct myparse *p, struct my_statement *s, const struct qw_act *act);
bool myparse_note_query(struct myparse *p, struct my_statement *s, struct my_query *q);
bool myparse_note_expr(struct myparse *p, struct my_statement *s, struct my_expr *e); /* and those linked to it */
bool myparse_note_statement(struct myparse *p, struct my_statement *s, struct my_statement *inner);

#endif
