/*
 * The statements that are not SELECT, INSERT, UPDATE, DELETE, REPLACE: a grammar as data. rules.py makes nodes of the *.rules files,
 * match.c walks them over the tokens, call.c, held.c and set.c read what is no plain word: names, texts, numbers, expressions, queries.
 */
#ifndef SQLPARSE_MYSQL_RULES_H
#define SQLPARSE_MYSQL_RULES_H

#include "../lex/lex.h"
#include "rulenames.h" /* generated */

enum rules_op {
	RULES_SEQ, RULES_ALT, RULES_OPT, RULES_MANY, RULES_LIST, RULES_NOT,
	RULES_WORD, /* a: MYW_ */
	RULES_NAME, /* a: string; a word that the lexer has no number for */
	RULES_OP, /* a: code of MYLEX_OP */
	RULES_RULE, RULES_CALL,
	RULES_FLAVOUR,
	RULES_ACT, /* a: verb, b: string of kind_name, object */
	RULES_REFUSE /* a: string */
};
struct rules_node {
	uint8_t op, kid_count;
	uint16_t first_kid, a, b;
	uint8_t object;
};
extern const struct rules_node rules_nodes[];
extern const uint16_t rules_kids[], rules_roots[];
extern const char *const rules_strings[];

/* What the rules call. Each reads from the token at hand on and says whether it was there. */
#define RULES_CALLS(X) \
	X(ident) X(ident_sys) X(qname) X(name3) \
	X(text_sys) X(text) X(text_or_ident) X(text_or_hex) X(hex) X(sqlstate) X(xid_part) \
	X(number) X(number_int) X(number_any) X(number_length) X(number_small) X(number_bit) X(number_pages) X(number_long) X(number_digits) \
	X(user) X(uservar) X(end) X(altering) X(interval_unit) \
	X(expr) X(literal) X(expr_primary) X(expr_variable) X(plain_expr) X(expr_bit) X(partition_expr) X(partition_end) X(expr_value) X(query) X(create_select) X(explained) X(held_statement) \
	X(prepared_text) X(immediate_text) X(named_execute) X(named_deallocate) \
	X(engine) X(setting) X(set_value) X(set_names)
enum rules_call {
#define X(name) RULES_CALL_##name,
	RULES_CALLS(X)
#undef X
	RULES_CALL_COUNT
};

#endif
