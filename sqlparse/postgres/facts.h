/* Facts of one statement: collected while walking, each once, with copies of all names in the
 * arena. */
#ifndef SQLPARSE_POSTGRES_FACTS_H
#define SQLPARSE_POSTGRES_FACTS_H

#include "walk.h"

void spg_facts_act(
	struct walk *w, const struct qw_act *act); /* strings are borrowed: copied when new */
/* An act on an object of a known type. `schema` and `name` may be NULL. */
void spg_facts_object(
	struct walk *w, enum qw_verb verb, int object, const char *schema, const char *name);
void spg_facts_bare(struct walk *w, enum qw_verb verb, const char *kind_name,
	const char *name); /* no schema, kind OTHER or NONE */
void spg_facts_call(struct walk *w, const List *name, const char *kind_name);
void spg_facts_relation_act(struct walk *w, enum qw_verb verb, int object, const RangeVar *rv);
void spg_facts_relation(struct walk *w, const RangeVar *rv, bool in_natural_join, bool is_written);
void spg_facts_column(struct walk *w, const char *qualifier, const char *name, bool is_deep);
void spg_facts_columns(struct walk *w, const char *qualifier, const List *names); /* of Strings */
void spg_facts_spelled(struct walk *w, const void *node); /* the operator or type that the node names */
void spg_facts_named(struct walk *w, enum qw_named_op op, const char *name);
void spg_facts_finish(struct walk *w); /* moves what was collected to w->out */

/* Last and last but one part of a dotted name; NULL where there is none, or where it is no name. */
const char *spg_name_last(const List *name);
const char *spg_name_schema(const List *name);

const char *spg_object_name(
	int object); /* "table", "index", ...: of an ObjectType or OBJECT_ANY_RELATION */
enum qw_object_kind spg_object_kind(int object);
bool spg_object_hangs_on_relation(int object); /* trigger, rule, policy, column, table constraint */

/* A catalog function of which no overload can change anything. */
bool spg_function_is_harmless(const char *schema, const char *name);

#endif
