/* The parse tree of a query of MySQL or MariaDB; statements are in mysqlparse.h. Borrowed from the arena of sqlparse_mysql. Lists are linked by `next`; a NULL
   pointer is what was not written. Names are as written, without quotes. `at`, `n`: place in the scrubbed text. */
#ifndef QW_MYSQLTREE_H
#define QW_MYSQLTREE_H

#include "qw/base.h"

struct my_query;
struct my_order;

enum my_expr_kind {
	MY_EXPR_LITERAL, /* `op`: enum my_literal; `text` of strings. CURRENT_DATE and so on are calls */
	MY_EXPR_PARAM, /* ? */
	MY_EXPR_COLUMN, /* `column`; a bare name may also be a variable of a routine */
	MY_EXPR_STAR, /* `column` without a name: only in lists of what is selected, RETURNING, and COUNT(*) */
	MY_EXPR_CALL, /* `call`, its arguments in `args` */
	MY_EXPR_OP, /* `op`: enum my_op; `args`: operands; a chain of one operator (a + b + c) holds them all, from left to right */
	MY_EXPR_CASE, /* args: [CASE x], then WHEN THEN pairs, [ELSE]; told by `op`: enum my_case */
	MY_EXPR_CAST, /* CAST, CONVERT, JSON_VALUE RETURNING: args: value ...; `text`: the type as written */
	MY_EXPR_ROW, /* (a, b), ROW(a, b) */
	MY_EXPR_QUERY, /* `query`: scalar or row subquery, and where IN, EXISTS, ANY, ALL look */
	MY_EXPR_USER_VAR, /* @name: `text` */
	MY_EXPR_ASSIGN, /* @name := args: `text` is the name */
	MY_EXPR_SYSTEM_VAR, /* @@x, @@global.x, @@x.y: `column`: schema the scope word, table the x of x.y */
	MY_EXPR_DEFAULT, /* DEFAULT as a value; DEFAULT(c): args */
	MY_EXPR_INSERTED, /* VALUES(c) in ON DUPLICATE KEY UPDATE: args: the column */
	MY_EXPR_MATCH, /* args: what is searched for, then the columns */
	MY_EXPR_SEQUENCE /* NEXT VALUE FOR s, NEXTVAL(s), SETVAL(s, n): `column` names the sequence; `op`: 1 when it is moved */
};
enum my_literal {
	MY_LITERAL_NULL, MY_LITERAL_BOOL, MY_LITERAL_INT, MY_LITERAL_DECIMAL, MY_LITERAL_FLOAT, MY_LITERAL_HEX, MY_LITERAL_BIN,
	MY_LITERAL_STRING, MY_LITERAL_TEMPORAL /* DATE '..' */
};
enum my_case { MY_CASE_OPERAND = 1, MY_CASE_ELSE = 2 };
#define MY_OPS(X) \
	X(OR, "OR") X(XOR, "XOR") X(AND, "AND") X(NOT, "NOT") X(IS, "IS") X(EQ, "=") X(SAFE_EQ, "<=>") X(GE, ">=") X(GT, ">") X(LE, "<=") \
	X(LT, "<") X(NE, "<>") X(IN, "=") X(MEMBER_OF, "MEMBER OF") X(BETWEEN, "BETWEEN") X(SOUNDS_LIKE, "SOUNDS LIKE") X(LIKE, "LIKE") \
	X(REGEXP, "REGEXP") X(BIT_OR, "|") X(BIT_AND, "&") X(SHL, "<<") X(SHR, ">>") X(ADD, "+") X(SUB, "-") X(MUL, "*") X(DIV, "/") \
	X(MOD, "%") X(INT_DIV, "DIV") X(BIT_XOR, "^") X(CONCAT, "||") X(NEG, "-") X(PLUS, "+") X(BIT_NOT, "~") X(COLLATE, "COLLATE") \
	X(BINARY, "BINARY") X(EXISTS, "EXISTS") X(ARROW, "->") X(ARROW_TEXT, "->>") X(INTERVAL_ADD, "+") X(INTERVAL_SUB, "-") X(ODBC, "{}")
enum my_op {
#define X(id, spelled) MY_OP_##id,
	MY_OPS(X)
#undef X
};

struct my_column { const char *schema, *table, *name; };
struct my_window { /* OVER (...), WINDOW w AS (...) */
	const char *name, *base; /* of WINDOW; the window that this one refines, or OVER w */
	struct my_expr *partition;
	struct my_order *order;
	struct my_expr *bounds; /* of the frame */
	struct my_window *next;
};
struct my_call {
	const char *schema, *name; /* the name in lower case */
	bool is_aggregate, is_distinct, is_word; /* is_word: of the grammar; else native, loadable or stored, in that order */
	struct my_order *order; /* GROUP_CONCAT, JSON_ARRAYAGG, WITHIN GROUP */
	struct my_expr *more; /* LIMIT, SEPARATOR */
	struct my_window *over;
};
struct my_expr {
	struct my_expr *next, *args;
	union {
		struct my_column *column;
		struct my_call *call;
		struct my_query *query;
		const char *text; /* NUL ends it; a string that holds NUL is cut there: at, n tell all */
	};
	uint32_t at, n;
	uint16_t height; /* of the tree below */
	uint8_t kind, op;
};
struct my_order {
	struct my_expr *expr;
	bool is_directed; /* ASC or DESC is written */
	struct my_order *next;
};

/* ---- FROM ---- */
enum my_source_kind {
	MY_SOURCE_TABLE, MY_SOURCE_QUERY /* derived table */, MY_SOURCE_JSON_TABLE /* `expr`: document; columns, outer ones first */,
	MY_SOURCE_JOIN /* left, right: the comma too */, MY_SOURCE_DUAL
};
struct my_named { const char *name; struct my_named *next; };
struct my_source {
	enum my_source_kind kind;
	uint16_t height;
	bool is_natural, is_lateral, is_outer_left, is_outer_right; /* LEFT JOIN keeps all rows of the left side, RIGHT of the right */
	bool in_parens;
	const char *schema, *name, *alias;
	struct my_query *query;
	struct my_named *columns; /* of a derived table or JSON_TABLE: their names; of a join: USING */
	struct my_source *left, *right;
	struct my_expr *expr; /* ON; JSON_TABLE's document; the points in time of FOR SYSTEM_TIME, FOR PORTION: one or two */
};

/* ---- queries ---- */
struct my_item { /* what is selected or returned */
	struct my_expr *expr;
	const char *alias;
	struct my_item *next;
};
struct my_select {
	struct my_item *items;
	struct my_source *from;
	struct my_expr *where, *having, *qualify;
	struct my_order *group;
	struct my_window *windows;
	bool is_distinct, with_rollup;
};
struct my_row { struct my_expr *values; struct my_row *next; };
enum my_body_kind { MY_BODY_SELECT, MY_BODY_VALUES, MY_BODY_TABLE, MY_BODY_QUERY /* in parentheses */, MY_BODY_SET };
enum my_set { MY_SET_UNION, MY_SET_EXCEPT, MY_SET_INTERSECT };
struct my_body {
	enum my_body_kind kind;
	struct my_select *select;
	struct my_row *rows; /* VALUES */
	struct my_source *table; /* TABLE t */
	struct my_query *query;
	struct my_body *arms; /* SET: two or more by next, from left to right; each but the first tells how it is joined */
	enum my_set set;
	bool is_all;
	struct my_body *next;
};
struct my_cte {
	const char *name;
	struct my_named *columns;
	struct my_query *query;
	struct my_cte *next;
};
struct my_with { bool is_recursive; struct my_cte *ctes; };
struct my_into { /* targets: USER_VAR; COLUMN for a variable of a routine; the LITERAL that names a file */
	bool is_file;
	struct my_expr *targets;
};
struct my_query {
	struct my_with *with;
	struct my_body *body;
	struct my_order *order;
	struct my_expr *limit; /* all of LIMIT, OFFSET, FETCH */
	struct my_into *into;
	bool locks, has_tail; /* FOR UPDATE, FOR SHARE ...; anything behind the body */
	uint16_t height;
};

const char *my_op_spelled(enum my_op op); /* as facts name it: "=" of IN */

#endif
