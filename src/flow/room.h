/*
 * Inside of flow. One judgement walks the tree once, from the statement's queries down to their
 * columns; data flow one way: a query yields columns, an expression yields nothing but "not
 * refused". What is sensitive lives in columns only.
 */
#ifndef FLOW_ROOM_H
#define FLOW_ROOM_H

#include "qw/flow.h"

#include "query/shape.h"

enum {
	FLOW_DEPTH_MAX = 500,	   /* judging is recursive: some hundred bytes of stack a level */
	FLOW_VISITS_MAX = 4000000, /* nodes; a recursive query is walked more than once */
	FLOW_USER_OID_MIN = 16384  /* PostgreSQL access/transam.h, FirstNormalObjectId */
};

/* What may be known of one output column of a query or of one entry of a range table. */
struct column {
	struct label label; /* PLAIN: nothing sensitive is in it. Everything else may only leave, or
			       is refused */
	bool is_empty; /* a NULL, or not known yet in a recursion: agrees with every label; label is
			  PLAIN */
	bool is_whole_row;
	bool is_composed;      /* of a definition (label.is_guarded) and other texts */
	uint32_t type_oid;     /* 0: not told */
	uint32_t relation_oid; /* where it came from, for messages */
	const char *name;      /* of the column, may be NULL */
};
struct columns {
	struct column *items;
	size_t count;
};

/* Where an expression stands: what is said when something sensitive is found in it. */
struct use {
	const char *rule, *clause;
	const char *as; /* "part of a CASE expression", or "an argument of function" with: */
	uint32_t function_oid;
	const struct qtree_node *opened; /* a Var that may be sensitive here: the policy or a rule
					    says so; NULL: none */
};
extern const struct use in_output, in_returning, in_where, in_having, in_filter, in_security,
	in_check, in_merge, in_conflict_where, in_order, in_group, in_distinct, in_window, in_limit,
	in_setop, in_sample, in_from, in_arbiter, in_write;

/* What a query is: CmdType has other numbers before 15. NONE: none of ours. */
enum flow_command {
	COMMAND_NONE,
	COMMAND_SELECT,
	COMMAND_UPDATE,
	COMMAND_INSERT,
	COMMAND_DELETE,
	COMMAND_MERGE,
	COMMAND_UTILITY,
	COMMAND_NOTHING
};

/* Of what is being judged, until now: is a definition of the server's catalogs in it? */
struct definition {
	bool is_seen, is_composed;
};

enum range_state { RANGE_NEW, RANGE_RUNNING, RANGE_DONE };
struct range {				  /* an entry of a range table */
	const struct qtree_value **slots; /* RTE_FIELD_COUNT */
	int64_t kind;			  /* RTEKind */
	uint32_t relation_oid;
	char relkind;
	enum range_state state;
	struct column whole; /* its whole row, once has_whole */
	bool has_whole;
	bool is_excluded; /* what INSERT ... ON CONFLICT would have inserted */
	bool is_target;
	struct columns columns; /* of subqueries, CTEs and VALUES */
	struct definition definition; /* in what a function in FROM returns */
};
struct cte {
	const char *name;
	const struct qtree_value *query;
	enum range_state state;
	bool is_recursive;
	struct columns columns;
};
struct scope { /* a query that is being judged; `up` is the one around it */
	struct scope *up;
	const struct qtree_value **slots; /* QUERY_FIELD_COUNT */
	struct range *ranges;
	size_t range_count;
	struct cte *ctes;
	size_t cte_count;
	enum flow_command command;
	bool is_view; /* what it computes from sensitive columns is refused where it is used */
};

struct flow {
	unsigned server_major;
	const struct flow_world *world;
	struct qw_arena *arena;
	struct flow_result *out;
	unsigned depth;
	bool is_default; /* inside of a call that the statement's text does not hold: a column's
			    default, a view */
	size_t effects;	 /* calls and writes that were met, again and again, too */
	struct definition definition;
	bool is_in_server_view;
	bool is_blind;	 /* columns count as plain: looks only for what else is in an expression */
	size_t visits, act_max, read_max, write_max, labelled_max, compared_max, call_max;
};

enum flow_command flow_command(unsigned server_major, const struct qtree_value *v);

/* ---- all of these: 0; DENIED with out->refusal set; NOMEM ---- */

/* refuse.c */
int flow_refuse(struct flow *f, const char *rule, const char *object, const char *reason);
int flow_refuse_column(struct flow *f, const struct column *c, const struct use *use);
int flow_refuse_union(
	struct flow *f, const struct column *a, const struct column *b); /* one column, two masks */
int flow_unsupported(struct flow *f, const char *what,
	const char *where);	/* a shape of tree that was not foreseen */
int flow_enter(struct flow *f); /* one level down: undone by f->depth-- */
const char *flow_relation_name(
	struct flow *f, uint32_t oid); /* "schema.name"; never NULL unless out of memory */
const char *flow_function_name(struct flow *f, uint32_t oid);

/* collect.c */
int flow_add_act(struct flow *f, enum qw_verb verb, enum qw_object_kind kind, uint32_t oid);
int flow_add_read(struct flow *f, uint32_t relation_oid);
int flow_add_write(
	struct flow *f, uint32_t relation_oid, int16_t attnum, const struct label *label);
int flow_add_labelled(struct flow *f, const char *column);
int flow_add_compared(struct flow *f, const struct mask_spec *spec);
int flow_add_call(struct flow *f, const struct flow_call *call);

/* cost.c */
int flow_cost(struct flow *f, uint32_t oid, const struct qtree_value *args);

/* call.c */
int flow_function(struct flow *f, uint32_t oid);
int flow_operator(struct flow *f, uint32_t oid);
int flow_type(struct flow *f, uint32_t oid);
int flow_sort_operators(
	struct flow *f, const struct qtree_value *clauses); /* of SORTGROUPCLAUSEs */

/* column.c */
bool column_is_sensitive(const struct column *c);
bool column_keeps_null(const struct column *c); /* its mask shows what is NULL */
bool column_join(
	struct column *into, const struct column *from); /* false: they carry different masks */
struct columns columns_new(
	struct flow *f, size_t count); /* empty ones; items is NULL when out of memory */

/* expr.c */
int flow_value(struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use,
	struct column *out);
int flow_used(struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use);
int flow_node(struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use);
int flow_fields(struct flow *f, struct scope *s, const struct qtree_node *n,
	const struct use *use); /* of its table entry */
int flow_clean(struct flow *f, const struct columns *columns,
	const struct use *use); /* none is sensitive */

/* definition.c: what is made of definitions of the server's catalogs */
bool column_is_guarded(const struct column *c);
void definition_seen(struct flow *f, const struct column *c);
int definition_refuse_column(struct flow *f, const struct column *c, const struct use *use);
int definition_unused(struct flow *f, const struct columns *columns, const struct use *use);
int definition_judge(
	struct flow *f, const struct qtree_node *n, const struct use *use); /* what is in it was judged */
int flow_question(struct flow *f, struct scope *s, const struct qtree_value *v,
	const struct use *use); /* flow_used(), and no definition decides it */

/* special.c: nodes with a meaning of their own */
int flow_sublink(
	struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use);
int flow_sublink_value(struct flow *f, struct scope *s, const struct qtree_node *n,
	const struct use *use, struct column *out);
int flow_aggregate(
	struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use);
int flow_funcexpr(
	struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use);
int flow_param(struct flow *f, const struct qtree_node *n);

/* condition.c */
const struct qtree_value *flow_without_cast(const struct qtree_value *v);
bool flow_is_literal(const struct qtree_value *v); /* a constant, or a parameter of the client */
int flow_condition(
	struct flow *f, struct scope *s, const struct qtree_value *quals, const struct use *use);

/* scope.c */
int scope_open(struct flow *f, struct scope *s);
int scope_judge_ranges(struct flow *f, struct scope *s);
int scope_columns(
	struct flow *f, struct scope *s, size_t range_index, struct columns *out); /* from 1 */
int flow_var(struct flow *f, struct scope *s, const struct qtree_node *n, struct column *out);
int range_check(struct flow *f, const struct range *r); /* may rows be read from it? */

/* cte.c */
int scope_open_ctes(struct flow *f, struct scope *s);
int scope_judge_ctes(struct flow *f, struct scope *s);
int cte_columns(struct flow *f, struct scope *s, const struct range *r, struct columns *out);

/* target.c */
struct target { /* an entry of a target list */
	const struct qtree_value *slots[TARGET_FIELD_COUNT];
	int64_t number;	    /* INSERT, UPDATE: the column that is written */
	int64_t sort_group; /* what ORDER BY, GROUP BY ... name it by; 0: nothing does */
	bool is_junk;	    /* no result column */
	struct column column;
};
struct targets {
	struct target *items;
	size_t count;
};
int targets_open(struct flow *f, const struct qtree_value *list, struct targets *out);
int targets_judge(
	struct flow *f, struct scope *s, const struct targets *targets, const struct use *use);
int targets_columns(
	struct flow *f, const struct targets *targets, struct columns *out); /* without junk */
int targets_clauses(struct flow *f, struct scope *s,
	const struct targets *targets); /* ORDER BY, GROUP BY, DISTINCT, WINDOW */

/* query.c, setop.c */
int flow_query(struct flow *f, struct scope *up, const struct qtree_value *query, bool is_view,
	struct columns *out);
int flow_set_operation(struct flow *f, struct scope *s, const struct targets *targets);

/* tells.c: would the write's failure tell of what is sensitive? `inserted`: what EXCLUDED holds, or NULL */
int flow_tells(struct flow *f, const struct scope *s, const struct range *r, enum qw_verb verb,
	const struct targets *targets, const struct targets *inserted);

/* write.c */
int flow_write(struct flow *f, struct scope *s, const struct targets *targets);
int flow_locks(struct flow *f, struct scope *s);

#endif
