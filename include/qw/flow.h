/*
 * Information flow: which sensitive columns reach which output of a statement, and how. Judged on the server's own tree
 * (querytree.h), so what is judged is what runs. A sensitive column may leave bare (it is then masked); anything else that
 * depends on it is refused. Pure; zero values refuse.
 */
#ifndef QW_FLOW_H
#define QW_FLOW_H

#include "qw/labels.h"
#include "qw/limits.h"
#include "qw/querytree.h"
#include "qw/statement.h"

/* What flow asks of the world around the tree. `ctx` is handed to each function; none may be NULL. */
struct flow_world {
	void *ctx;
	/* Label of a column of a relation, catalogs of the server included. An unknown relation is LABEL_UNKNOWN: sensitive. */
	struct label (*label)(void *ctx, uint32_t relation_oid, int16_t attnum);
	/* schema and name of a relation; false: unknown */
	bool (*relation)(void *ctx, uint32_t oid, const char **schema, const char **name);
	/* What writing to it would also do that was not reviewed: "trigger t_audit runs public.log()"; NULL: nothing. */
	const char *(*write_hazard)(void *ctx, uint32_t relation_oid, enum qw_verb verb);
	/* What a failure of it would tell of sensitive columns: labels_tells(). */
	int (*write_tells)(void *ctx, const struct labels_write *w, struct qw_arena *arena, struct labels_tells **out, size_t *count);
	/* schema and name of a function; false: unknown, which refuses. */
	bool (*function)(void *ctx, uint32_t oid, const char **schema, const char **name);
	/* Is this function known to be plain: no effect but its result, which depends on its arguments and nothing that is secret? */
	bool (*function_is_plain)(void *ctx, uint32_t oid);
	/* Does it return definitions of the server's catalogs in which data may stand, whatever it is called with? */
	bool (*function_is_guarded)(void *ctx, uint32_t oid);
	/* The function that an operator calls; 0: unknown, which refuses. */
	uint32_t (*operator_function)(void *ctx, uint32_t operator_oid);
	/* The policy lets this role see what this function makes of the column. */
	bool (*may_apply)(void *ctx, const struct label *column, uint32_t function_oid);
	/* The policy lets this role compare the column with a literal or parameter for equality. */
	bool (*may_compare)(void *ctx, const struct label *column);
	/* Does coercing to this domain, or using this type's operators, run code that was not reviewed? NULL: no. */
	const char *(*type_hazard)(void *ctx, uint32_t type_oid);
};

struct flow_output { /* one result column */
	struct label label; /* PLAIN, or MASK: mask it so. Nothing else gets here */
	bool is_composed; /* of definitions and other texts: quotes in it say nothing of where a literal begins */
	const char *name;
	uint32_t origin_relation; /* as RowDescription must say; 0: an expression */
	int16_t origin_attnum;
};

struct flow_write { /* a value that flows into a labelled column: what the client sends there must not be a mask's output */
	uint32_t relation_oid;
	int16_t attnum;
	struct label label;
};

struct flow_call { /* of a function of the server that makes much of little: generate_series, repeat, lpad, rpad */
	const char *name;
	const struct limits_argument *args; /* for limits_call_cost(): what is no constant is UNKNOWN */
	size_t arg_count;
};

/* Why it is refused: stable words for programs, and sentences for people. All pointers are the arena's or static. */
struct flow_refusal {
	const char *rule; /* "flow.predicate", "flow.expression", "flow.write", "flow.function", ...: see flow_rules() */
	const char *object; /* "public.customers.ssn", "pg_catalog.pg_read_file" */
	const char *reason; /* "the sensitive column ... is used in WHERE" */
	const char *instead; /* what would be allowed */
};

struct flow_result {
	bool is_refused;
	struct flow_refusal refusal; /* when refused */
	struct flow_output *outputs; /* of the statement that the client gets rows of; also when refused as far as known */
	size_t output_count;
	/* What runs, with names as the server resolved them: INSERT, UPDATE, DELETE, MERGE, UPSERT, SELECT_LOCK on relations and every
	   CALL of a function that is not plain; rules and views expanded. For policy_judge_act(). */
	struct qw_act *acts;
	size_t act_count;
	struct flow_write *writes;
	size_t write_count;
	const uint32_t *reads; /* OIDs of every relation that is read, each once */
	size_t read_count;
	const char **reads_labelled; /* "schema.table.column": sensitive columns that reach an output, masked */
	size_t reads_labelled_count;
	bool meets_labelled; /* a sensitive column stands in the tree, or a row that holds one is written: the plan may tell its length */
	unsigned equalities; /* comparisons, also by constraints of what is written, that may_compare() let through: for a limit of their rate */
	const struct mask_spec **compared; /* of each of them, the mask of the column */
	unsigned applied; /* calls that may_apply() let see a sensitive column, and count() of one */
	const struct flow_call *calls; /* each call, also the same again */
	size_t call_count;
};

/* `trees`: what qtree_read gave, of this server version. NOMEM, UNSUPPORTED (version); whatever is not understood is a refusal. */
int flow_judge(unsigned server_major, const struct qtree_value *trees, const struct flow_world *world, struct qw_arena *arena,
	struct flow_result *out) QW_MUST_CHECK;

/* The stable names of flow's rules, with a sentence each; the documentation is held against it. The last has no name. */
struct flow_rule {
	const char *name, *meaning, *instead;
};
const struct flow_rule *flow_rules(void);

#endif
