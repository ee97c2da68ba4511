/* Facts as one line of text, for tests: "delete:public.customers call:lower | c.ssn * |
 * customers(c)". */
#ifndef TESTS_TEXT_FACTS_H
#define TESTS_TEXT_FACTS_H

#include "qw/statement.h"

/* verb[:schema.name][=value][!local] ... */
const char *text_acts(struct qw_arena *arena, const struct qw_statement *s);
/* qualifier.name with * for a star, ^ after what is deep */
const char *text_columns(struct qw_arena *arena, const struct qw_statement *s);
/* schema.name[(alias)][+written][+natural][+renamed] */
const char *text_relations(struct qw_arena *arena, const struct qw_statement *s);
const char *text_spelled(struct qw_arena *arena, const struct qw_statement *s); /* operators | types */

#endif
