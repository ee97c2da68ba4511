/* Trees: what binds to what, in each flavour and mode; what a room that follows data will walk. */
#include "support.h"

static const char *show(struct qw_arena *a, const struct my_expr *e);

static const char *show_all(struct qw_arena *a, const struct my_expr *e)
{
	const char *text = "";

	for (; e; e = e->next)
		text = qw_arena_printf(a, "%s%s%s", text, *text ? " " : "", show(a, e));
	return text;
}

static const char *bracketed(struct qw_arena *a, const char *head, const struct my_expr *args)
{
	return qw_arena_printf(a, "(%s%s%s)", head, args ? " " : "", show_all(a, args));
}

static const char *column(struct qw_arena *a, const struct my_column *c)
{
	return qw_arena_printf(a, "%s%s%s%s%s", c->schema ? c->schema : "", c->schema ? "." : "", c->table ? c->table : "", c->table ? "." : "",
		c->name ? c->name : "*");
}

static const char *text_of(const struct my_expr *e, struct qw_arena *a, const char *sql)
{
	return qw_arena_printf(a, "%.*s", (int)e->n, sql + e->at);
}

static const char *source;

static const char *show(struct qw_arena *a, const struct my_expr *e)
{
	switch ((enum my_expr_kind)e->kind) {
	case MY_EXPR_LITERAL:
		return text_of(e, a, source);
	case MY_EXPR_PARAM:
		return "?";
	case MY_EXPR_COLUMN:
	case MY_EXPR_STAR:
		return column(a, e->column);
	case MY_EXPR_CALL:
		return bracketed(a, qw_arena_printf(a, "%s%s", e->call->is_word ? "" : "call ", e->call->name), e->args);
	case MY_EXPR_OP:
		return bracketed(a, e->op == MY_OP_NEG ? "neg" : my_op_spelled((enum my_op)e->op), e->args);
	case MY_EXPR_CASE:
		return bracketed(a, "case", e->args);
	case MY_EXPR_CAST:
		return bracketed(a, "cast", e->args);
	case MY_EXPR_ROW:
		return bracketed(a, "row", e->args);
	case MY_EXPR_QUERY:
		return "(query)";
	case MY_EXPR_USER_VAR:
		return qw_arena_printf(a, "@%s", e->text);
	case MY_EXPR_ASSIGN:
		return bracketed(a, qw_arena_printf(a, "@%s :=", e->text), e->args);
	case MY_EXPR_SYSTEM_VAR:
		return qw_arena_printf(a, "@@%s", column(a, e->column));
	case MY_EXPR_DEFAULT:
		return bracketed(a, "default", e->args);
	case MY_EXPR_INSERTED:
		return bracketed(a, "values", e->args);
	case MY_EXPR_MATCH:
		return bracketed(a, "match", e->args);
	case MY_EXPR_SEQUENCE:
		return "(sequence)";
	}
	return "";
}

static const struct my_statement *parsed(struct qw_arena *a, const struct mysql_dialect *d, const char *sql)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct mysql_parsed p;

	assert_int_equal(sqlparse_mysql(qw_bytes_from(sql), d, &limits, a, &p), 0);
	if (p.facts.problem)
		fail_msg("%s: %s", sql, p.facts.problem);
	assert_int_equal(p.facts.count, 1);
	return p.trees[0];
}

static void expect_tree(const struct mysql_dialect *d, const char *expression, const char *tree)
{
	struct qw_arena a;
	const struct my_statement *s;
	const char *got;

	qw_arena_init(&a, 1 << 20);
	source = qw_arena_printf(&a, "SELECT %s", expression);
	s = parsed(&a, d, source);
	assert_int_equal(s->kind, MY_STATEMENT_QUERY);
	assert_int_equal(s->query->body->kind, MY_BODY_SELECT);
	got = show(&a, s->query->body->select->items->expr);
	if (strcmp(got, tree) != 0)
		fail_msg("%s\n  got    %s\n  wanted %s", expression, got, tree);
	qw_arena_fini(&a);
}

struct tree {
	const char *expression, *tree;
};

static void what_binds_to_what(void **state)
{
	static const struct tree cases[] = {
		{"a OR b AND c XOR d", "(OR a (XOR (AND b c) d))"},
		{"a || b && c", "(OR a (AND b c))"},
		{"a OR b OR c", "(OR a b c)"},
		{"NOT a = b AND c", "(AND (NOT (= a b)) c)"},
		{"NOT a IS NULL", "(NOT (IS a))"},
		{"! a = b", "(= (NOT a) b)"},
		{"a = b = c", "(= (= a b) c)"},
		{"a = b IS NULL", "(IS (= a b))"},
		{"a + b * c - d", "(- (+ a (* b c)) d)"},
		{"a + b + c", "(+ a b c)"},
		{"a - b - c", "(- a b c)"},
		{"- a ^ b", "(^ (neg a) b)"},
		{"a | b & c << d + e * f ^ g", "(| a (& b (<< c (+ d (* e (^ f g))))))"},
		{"a DIV b MOD c % d", "(% (DIV a b) c d)"},
		{"a BETWEEN b AND c AND d", "(AND (BETWEEN a b c) d)"},
		{"a NOT LIKE b ESCAPE c", "(LIKE a b c)"},
		{"a IN (b, c)", "(= a b c)"},
		{"a IN (SELECT 1)", "(= a (query))"},
		{"a > ALL (SELECT 1)", "(> a (query))"},
		{"(a, b) = ROW(c, d)", "(= (row a b) (row c d))"},
		{"((SELECT 1))", "(query)"},
		{"((SELECT 1) + 1)", "(+ (query) 1)"},
		{"EXISTS (SELECT 1)", "(EXISTS (query))"},
		{"- a COLLATE b", "(neg (COLLATE a))"},
		{"BINARY a = b", "(= (BINARY a) b)"},
		{"a + INTERVAL b DAY - c", "(- (+ a b) c)"},
		{"INTERVAL 1 DAY + a", "(+ 1 a)"},
		{"INTERVAL(a, b)", "(interval a b)"},
		{"CASE a WHEN b THEN c ELSE d END", "(case a b c d)"},
		{"s.t.a", "s.t.a"},
		{"@a := b OR c", "(@a := (OR b c))"},
		{"@@session.x", "@@SESSION.x"},
		{"F(a, g())", "(call f a (call g))"},
		{"count(*)", "(count *)"},
		{"COUNT(DISTINCT a, b)", "(count a b)"},
		{"trim(BOTH a FROM b)", "(trim a b)"},
		{"date_add(a, INTERVAL b DAY)", "(date_add a b)"},
		{"CAST(a AS CHAR)", "(cast a)"},
		{"'a' 'b'", "'a' 'b'"},
		{"_utf8mb4'a' LIKE x'41'", "(LIKE _utf8mb4'a' x'41')"},
		{"MATCH (a, b) AGAINST (c)", "(match c a b)"},
		{"DEFAULT(a)", "(default a)"},
		{"{d a}", "({} a)"},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		expect_tree(&MYSQL, cases[i].expression, cases[i].tree);
		expect_tree(&MARIADB, cases[i].expression, cases[i].tree);
	}
}

static void flavours_and_modes_differ(void **state)
{
	struct mysql_dialect pipes = MYSQL, high = MARIADB, ansi = MYSQL;

	(void)state;
	pipes.modes = MYSQL_MODE_PIPES_AS_CONCAT;
	high.modes = MYSQL_MODE_HIGH_NOT_PRECEDENCE;
	ansi.modes = MYSQL_MODE_ANSI_QUOTES;
	expect_tree(&pipes, "a || - b || c ^ d", "(^ (|| a (neg b) c) d)");
	expect_tree(&high, "NOT a = b", "(= (NOT a) b)");
	expect_tree(&high, "a NOT IN (1)", "(= a 1)");
	expect_tree(&ansi, "\"a\" = 'a'", "(= a 'a')");
	expect_tree(&MYSQL, "a->'$.b' = c", "(= (-> a '$.b') c)");
	expect_tree(&MARIADB, "a LIKE b LIKE c", "(LIKE (LIKE a b) c)");
	expect_tree(&MARIADB, "a IS NULL IS TRUE", "(IS (IS a))");
	expect_taken(&MYSQL, "SELECT a LIKE b LIKE c", false);
	expect_taken(&MYSQL, "SELECT a IS TRUE IS NULL", false);
}

static void joins_bind_as_the_servers_do(void **state)
{
	const struct my_source *s;
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	s = parsed(&a, &MYSQL, "SELECT 1 FROM a JOIN b JOIN c ON x ON y")->query->body->select->from; /* a JOIN (b JOIN c ON x) ON y */
	assert_int_equal(s->kind, MY_SOURCE_JOIN);
	assert_string_equal(s->left->name, "a");
	assert_string_equal(s->expr->column->name, "y");
	assert_string_equal(s->right->left->name, "b");
	assert_string_equal(s->right->expr->column->name, "x");
	s = parsed(&a, &MARIADB, "SELECT 1 FROM a LEFT JOIN b ON x RIGHT JOIN c USING (k)")->query->body->select->from;
	assert_true(s->is_outer_right && !s->is_outer_left);
	assert_string_equal(s->columns->name, "k");
	assert_true(s->left->is_outer_left);
	s = parsed(&a, &MYSQL, "SELECT 1 FROM a, b NATURAL JOIN (c, d)")->query->body->select->from;
	assert_true(!s->is_natural && s->right->is_natural);
	assert_true(s->right->right->in_parens);
	qw_arena_fini(&a);
}

static void set_operations_keep_their_order(void **state)
{
	const struct my_body *b;
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	b = parsed(&a, &MYSQL, "SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 EXCEPT (SELECT 4 LIMIT 1) ORDER BY 1")->query->body;
	assert_int_equal(b->kind, MY_BODY_SET);
	assert_int_equal(b->arms->kind, MY_BODY_SELECT);
	b = b->arms->next;
	assert_true(b->set == MY_SET_UNION && b->is_all && b->kind == MY_BODY_SET);
	assert_int_equal(b->arms->next->set, MY_SET_INTERSECT);
	b = b->next;
	assert_true(b->set == MY_SET_EXCEPT && b->kind == MY_BODY_QUERY && b->query->limit);
	assert_null(b->next);
	qw_arena_fini(&a);
}

static void writes_have_trees(void **state)
{
	const struct my_statement *s;
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	s = parsed(&a, &MYSQL, "INSERT INTO s.t (a, b) VALUES (1, DEFAULT), (2, c) AS n(x, y) ON DUPLICATE KEY UPDATE a = x");
	assert_string_equal(s->insert->table->schema, "s");
	assert_string_equal(s->insert->columns->next->column->name, "b");
	assert_int_equal(s->insert->rows->values->next->kind, MY_EXPR_DEFAULT);
	assert_string_equal(s->insert->rows->next->values->next->column->name, "c");
	assert_string_equal(s->insert->row_columns->next->name, "y");
	assert_string_equal(s->insert->duplicate->value->column->name, "x");
	s = parsed(&a, &MARIADB, "DELETE x.* FROM t AS x, u WHERE x.a = u.a");
	assert_string_equal(s->del->targets->name, "x");
	assert_string_equal(s->del->from->left->alias, "x");
	s = parsed(&a, &MYSQL, "WITH c AS (SELECT 1) UPDATE t, c SET t.a = 1, b := DEFAULT WHERE d LIMIT 1");
	assert_string_equal(s->update->with->ctes->name, "c");
	assert_string_equal(s->update->sets->next->column->column->name, "b");
	assert_non_null(s->update->limit);
	qw_arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_binds_to_what),
		cmocka_unit_test(flavours_and_modes_differ),
		cmocka_unit_test(joins_bind_as_the_servers_do),
		cmocka_unit_test(set_operations_keep_their_order),
		cmocka_unit_test(writes_have_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
