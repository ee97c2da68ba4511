/*
 * Inside of lineage. One judgement walks the tree once, from the statement's queries down to their columns: a query yields columns, an
 * expression yields nothing but "not refused". What is sensitive lives in columns only. Names are resolved on the way, in the order in
 * which the server resolves them.
 */
#ifndef LINEAGE_ROOM_H
#define LINEAGE_ROOM_H

#include "qw/lineage.h"

enum {
	LINEAGE_DEPTH_MAX = 300, /* judging is recursive: some hundred bytes of stack a level */
	LINEAGE_VISITS_MAX = 1000000, /* nodes; a recursive query, or one in a view, is walked more than once */
	LINEAGE_WORK = 64, /* comparisons of names that cost as much as a node */
	LINEAGE_RANGES_MAX = 128, /* the servers take 61 tables in one join */
	LINEAGE_VIEWS_MAX = 32 /* views within views */
};

/* What may be known of one column of a query or a table. */
struct column {
	struct label label; /* PLAIN: nothing sensitive is in it. Everything else may only leave, or is refused */
	bool is_empty; /* NULL: agrees with every label; label is PLAIN */
	bool is_hidden; /* not in * */
	const char *name; /* NULL: an expression without an alias; what the server calls it is not told */
	uint32_t relation_oid, type_oid; /* bare column of a relation; 0: an expression */
	int16_t attnum;
};
struct columns {
	struct column *items;
	size_t count;
};

struct range { /* what stands in FROM */
	const char *schema, *alias; /* schema NULL: a subquery */
	const struct columns *columns;
	const struct catalog_relation *relation; /* NULL: a subquery, a table of WITH */
};
struct ref { /* a column that a bare name may mean */
	uint32_t range, at;
};
struct visible {
	struct ref *items;
	size_t count;
	size_t first, end; /* ranges whose columns may be meant by a qualified name */
};

struct item { /* of the select list, stars written out */
	const char *alias; /* as it may be named; NULL: it cannot */
	struct column column;
};

struct cte {
	const struct cte *outer; /* the one that was declared before, and those around it */
	const struct my_cte *written;
	struct columns columns;
	enum { CTE_HIDDEN, CTE_RUNNING, CTE_DONE } state; /* HIDDEN: declared further down */
	bool was_read, is_seeded; /* seeded: its columns are those of the round before */
};

struct scope { /* a query that is being judged; `up` is the one around it */
	struct scope *up;
	const struct cte *ctes;
	struct range *ranges;
	size_t range_count;
	struct visible visible, all; /* all: of the whole FROM, while `visible` is that of one ON */
	const struct my_item *written;
	struct item *items; /* those that were judged */
	size_t item_count, item_max;
	bool sees_items; /* GROUP BY, HAVING, ORDER BY: aliases are names here */
	bool shows_items; /* to subqueries: not in WHERE and ON */
	bool is_loose; /* SHOW ... WHERE, SET: what is not found is no column of a table */
	bool takes_positions, is_having;
};

/* Where an expression stands: what is said when something sensitive is found in it. */
struct use {
	const char *rule, *clause;
	const char *as, *function; /* "an argument of function", its name */
	const struct my_expr *opened; /* a column that may be sensitive here: the policy or a rule says so */
};
extern const struct use use_output, use_returning, use_where, use_having, use_order, use_group, use_distinct, use_window, use_limit, use_setop,
	use_join, use_from, use_write, use_setting;

struct view { /* that was judged */
	const struct view *next;
	uint32_t oid;
	bool is_done;
	struct columns columns;
};
struct known { /* a table whose columns were looked up */
	const struct known *next;
	uint32_t oid;
	struct columns columns;
};

struct lineage {
	const struct lineage_world *world;
	const struct catalog *catalog;
	struct qw_arena *arena;
	struct flow_result *out;
	struct qw_bytes text; /* of the statement; none inside of a view */
	uint32_t text_at;
	const char *database; /* NULL inside of a view: the server qualified all names */
	const struct cte *running; /* the innermost recursion */
	struct view *views;
	struct known *known;
	unsigned depth, view_depth;
	bool is_blind; /* columns count as plain: looks only for what else is in an expression */
	bool locks; /* FOR UPDATE, FOR SHARE */
	size_t visits, act_max, read_max, write_max, labelled_max, compared_max, call_max;
};

/* ---- all of these: 0; DENIED with out->refusal set; NOMEM ---- */

/* refuse.c */
int lineage_refuse(struct lineage *f, const char *rule, const char *object, const char *reason);
int lineage_refuse_column(struct lineage *f, const struct column *c, const struct use *use);
int lineage_refuse_union(struct lineage *f, const struct column *a, const struct column *b);
int lineage_unsupported(struct lineage *f, const char *what);
int lineage_enter(struct lineage *f); /* one level down: undone by f->depth-- */
int lineage_work(struct lineage *f, size_t n); /* so many names will be compared */
const char *lineage_relation_name(struct lineage *f, const struct catalog_relation *r);

/* collect.c */
int lineage_add_act(struct lineage *f, enum qw_verb verb, enum qw_object_kind kind, const char *schema, const char *name);
int lineage_add_read(struct lineage *f, uint32_t relation_oid);
int lineage_add_write(struct lineage *f, uint32_t relation_oid, int16_t attnum, const struct label *label);
int lineage_add_labelled(struct lineage *f, const char *column);
int lineage_add_compared(struct lineage *f, const struct mask_spec *spec);
int lineage_add_call(struct lineage *f, const struct flow_call *call);

/* column.c */
bool lineage_is_sensitive(const struct column *c);
bool lineage_keeps_null(const struct column *c); /* its mask shows what is NULL */
bool lineage_same_column(const struct column *a, const struct column *b);
bool lineage_join_column(struct column *into, const struct column *from); /* false: they carry different masks */
struct column lineage_plain(const char *name);
struct columns lineage_columns_new(struct lineage *f, size_t count); /* items is NULL when out of memory */
int lineage_clean(struct lineage *f, const struct columns *c, const struct use *use); /* none is sensitive */

/* names/match.c */
enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES }; /* MAYBE: letters beyond ASCII, whose case we do not know */
enum match names_match(const char *a, const char *b); /* columns and aliases of columns: case does not count */
const char *names_heading(const char *name); /* as the server keeps an alias; NULL: it would change it, or there is none */
enum match names_match_table(const struct lineage *f, const char *a, const char *b); /* as the server is set up */

/* names/resolve.c */
int names_column(struct lineage *f, struct scope *s, const struct my_column *c, struct column *out);
int names_range(struct lineage *f, const struct scope *s, const char *schema, const char *name, size_t *out);
int names_star(struct lineage *f, struct scope *s, const struct my_column *star, struct visible *out);
const struct column *names_at(const struct scope *s, struct ref r);

/* names/source.c, names/join.c, names/table.c, names/view.c */
int names_open(struct lineage *f, struct scope *s, const struct my_source *from); /* FROM: ranges, then conditions */
int names_join(struct lineage *f, struct scope *s, const struct my_source *join, const struct visible *left,
	const struct visible *right, struct visible *out);
int names_concat(struct lineage *f, const struct visible *left, const struct visible *right, struct visible *out);
int names_add_range(struct lineage *f, struct scope *s, const struct range *r, struct visible *out);
int names_relation(struct lineage *f, const char *schema, const char *name, const struct catalog_relation **out);
int names_table(struct lineage *f, const struct cte *ctes, const struct my_source *src, struct range *out);
int names_columns(struct lineage *f, const struct catalog_relation *r, const struct columns **out); /* of a table or view */
int names_view(struct lineage *f, const struct catalog_relation *r, const struct columns **out);

/* functions.c */
bool lineage_function_is_known(const char *name); /* of either flavour: no stored function */

/* expression/ */
int lineage_value(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use, struct column *out);
int lineage_used(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use);
int lineage_used_all(struct lineage *f, struct scope *s, const struct my_expr *list, const struct use *use);
int lineage_call(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use);
int lineage_condition(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use);
int lineage_order(struct lineage *f, struct scope *s, const struct my_order *o, const struct use *use);
int lineage_windows(struct lineage *f, struct scope *s, const struct my_window *w);
bool lineage_is_literal(const struct my_expr *e);
struct qw_bytes lineage_text(const struct lineage *f, const struct my_expr *e); /* as it is written; empty inside of a view */

/* query/query.c, select.c, set.c, with.c */
int lineage_query(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_query *q, struct columns *out);
int lineage_body(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_body *b, const struct my_query *tail,
	struct columns *out);
int lineage_select(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_select *sel, const struct my_query *tail,
	struct columns *out);
int lineage_items(struct lineage *f, struct scope *s, const struct my_item *items, const struct use *use);
int lineage_item_columns(struct lineage *f, const struct scope *s, struct columns *out);
int lineage_set(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_body *b, struct columns *out);
int lineage_with(struct lineage *f, struct scope *up, const struct my_with *with, const struct cte **ctes);
int lineage_cte_read(struct lineage *f, const struct cte *c);
int lineage_rename(struct lineage *f, const struct my_named *names, struct columns *c);

/* write/write.c, insert.c, update.c, other.c */
int lineage_act(struct lineage *f, const struct catalog_relation *r, enum qw_verb verb, enum qw_verb fires);
int lineage_target(struct lineage *f, const struct my_source *src, struct range *out);
struct into { /* one value into one column */
	const struct range *r;
	const struct column *target;
	const struct my_expr *written; /* NULL: of a query */
	bool replaces;
};
int lineage_into(struct lineage *f, const struct into *into, const struct column *value, bool *is_labelled);
int lineage_target_column(struct lineage *f, const struct range *r, const struct my_column *c, const struct column **out);
int lineage_insert(struct lineage *f, const struct my_insert *i);
int lineage_update(struct lineage *f, const struct my_update *u);
int lineage_delete(struct lineage *f, const struct my_delete *d);
int lineage_other(struct lineage *f, const struct my_statement *s);
int lineage_statement(struct lineage *f, const struct my_statement *s);
int lineage_outputs(struct lineage *f, const struct columns *c, const struct my_item *items, const struct use *use);

#endif
