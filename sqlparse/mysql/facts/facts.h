/* Trees -> qw_statement: each fact once. */
#ifndef SQLPARSE_MYSQL_FACTS_H
#define SQLPARSE_MYSQL_FACTS_H

#include "../expression/expr.h"

/* Things of one size, each once; found again by hash. */
struct myfacts_set {
	void *items;
	uint32_t *hashes, *slots;
	size_t count, cap, slot_count;
};
typedef bool myfacts_same(const void *a, const void *b);

struct myfacts_scope { /* a common table expression that can be seen */
	const struct myfacts_scope *outer;
	const char *name;
};

struct myfacts {
	struct myparse *p;
	struct qw_statement *out;
	struct myfacts_set acts, relations, columns, operators, types, literals;
	const struct myfacts_scope *scope;
	bool in_natural, locks; /* of the tables that are met */
	bool reads, has_query;
};

/* set.c: the item that is there already, or the new one; NULL: err is set */
void *myfacts_put(struct myfacts *f, struct myfacts_set *s, size_t size, const void *item, uint32_t hash, myfacts_same *same);
uint32_t myfacts_hash(uint32_t h, const char *s);

/* add.c. Strings are borrowed. */
void myfacts_act(struct myfacts *f, const struct qw_act *act);
void myfacts_on_table(struct myfacts *f, enum qw_verb verb, const char *schema, const char *name);
void myfacts_bare(struct myfacts *f, enum qw_verb verb, const char *kind_name);
void myfacts_call(struct myfacts *f, const char *schema, const char *name, bool is_word);
void myfacts_relation(struct myfacts *f, const struct my_source *s, bool is_written);
void myfacts_column(struct myfacts *f, const char *qualifier, const char *name);
void myfacts_word(struct myfacts *f, struct myfacts_set *set, const char *word);
void myfacts_finish(struct myfacts *f);

/* walk.c, query.c, write.c */
void myfacts_expr(struct myfacts *f, const struct my_expr *e);
void myfacts_exprs(struct myfacts *f, const struct my_expr *e); /* and those linked to it */
void myfacts_order(struct myfacts *f, const struct my_order *o);
void myfacts_query(struct myfacts *f, const struct my_query *q);
void myfacts_source(struct myfacts *f, const struct my_source *s);
void myfacts_items(struct myfacts *f, const struct my_item *i);
const struct myfacts_scope *myfacts_with(struct myfacts *f, const struct my_with *w); /* the scope before it */
bool myfacts_is_cte(struct myfacts *f, const char *schema, const char *name);
void myfacts_statement(struct myfacts *f, const struct my_statement *s);
void myfacts_insert(struct myfacts *f, const struct my_insert *i);
void myfacts_update(struct myfacts *f, const struct my_update *u);
void myfacts_delete(struct myfacts *f, const struct my_delete *d);

bool myfacts_is_harmless(const char *name); /* a native function, lower case */

int myfacts_make(struct myparse *p, struct my_statement *const *trees, size_t count, struct qw_statements *out) QW_MUST_CHECK;

#endif
