/*
 * The statements that are not SELECT, INSERT, UPDATE, DELETE, REPLACE: a grammar as data. rules.py makes nodes of the *.rules files,
 * match.c walks them over the tokens, calls.c reads what is no plain word: names, texts, numbers, expressions, queries.
 */
#ifndef SQLPARSE_MYSQL_RULES_H
#define SQLPARSE_MYSQL_RULES_H

#include "lex.h"
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

#endif
