/* querywarden policy check | test | explain */
#include "qw/cli.h"
#include "qw/config.h"
#include "qw/policy.h"
#include "qw/sqlparse.h"

#include "given.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FACTS_BYTES_MAX = 64 << 20 };

static int usage(void)
{
	(void)fputs("usage: querywarden policy check FILE\n"
		    "       querywarden policy test FILE\n"
		    "       querywarden policy explain FILE | --config FILE  --role R --database D "
		    "[--as 'claim=value,...'] [--when tainted,in_transaction,reads_secret] 'SQL'\n",
		stderr);
	return 2;
}

static int check(const char *file)
{
	struct policy *p = given_policy(file);
	struct policy_counts n;

	if (!p)
		return 1;
	policy_counts_get(p, &n);
	(void)printf("%s: ok: %zu roles, %zu rules, %zu masks, %zu tests, revision %s\n", file,
		n.roles, n.rules, n.masks, n.cases, policy_revision(p));
	(void)printf("%zu entries of limits, %zu freezes, %zu untrusted, %zu columns, %zu detectors, %zu reviewed\n", n.limits,
		n.freezes, n.untrusted, n.columns, n.detectors, n.reviewed);
	if (n.masks && !n.columns)
		(void)printf("note: no `columns`: a new column that no mask names is shown as it is\n");
	policy_free(p);
	return 0;
}

static int parse(struct qw_bytes sql, struct qw_arena *arena, struct qw_statements *out)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;

	return sqlparse_postgres(sql, &limits, arena, out);
}

static void on_case(void *ctx, const char *name, bool passed, const char *expected, const char *got)
{
	(void)ctx;
	if (passed)
		(void)printf("ok      %s: %s\n", name, got);
	else
		(void)printf("FAILED  %s: expected %s, got %s\n", name, expected, got);
}

static int test(const char *file)
{
	struct policy *p = given_policy(file);
	struct policy_counts n;
	size_t failed;

	if (!p)
		return 1;
	policy_counts_get(p, &n);
	failed = policy_run_cases(p, parse, on_case, NULL);
	(void)printf("%zu of %zu tests passed\n", n.cases - failed, n.cases);
	policy_free(p);
	return failed ? 1 : 0;
}

/* ---- explain ---- */

struct question {
	const char *file, *config, *role, *database, *as, *when, *sql;
	struct policy_moment moment;
};

static bool read_question(int argc, char **argv, struct question *q)
{
	const struct {
		const char *name, **to;
	} options[] = {{"--config", &q->config}, {"--role", &q->role}, {"--database", &q->database},
		{"--as", &q->as}, {"--when", &q->when}};
	size_t k;

	for (int i = 2; i < argc; i++) {
		for (k = 0; k < QW_COUNT(options) && strcmp(argv[i], options[k].name) != 0; k++)
			;
		if (k < QW_COUNT(options)) {
			if (++i == argc)
				return false;
			*options[k].to = argv[i];
		} else if (i == argc - 1) {
			q->sql = argv[i];
		} else if (!q->file) {
			q->file = argv[i];
		} else {
			return false;
		}
	}
	q->moment.wall_us = (uint64_t)time(NULL) * 1000000;
	return q->sql && q->role && q->database && !q->file != !q->config && given_when(q->when, &q->moment);
}

/* The role that these claims give, or, without --as, the role by its name. NULL: said why. */
static const struct policy_role *find_role(const struct policy *p, const struct question *q)
{
	struct qw_claim claims[GIVEN_CLAIMS_MAX];
	const struct policy_role *role;
	char *copy;
	int count;

	if (!q->as) {
		role = policy_role_named(p, q->role);
		if (role && policy_role_reaches(role, q->database))
			return role;
		(void)printf("verdict: deny: %s \"%s\"\n",
			role ? "this role does not reach the database" : "there is no role",
			role ? q->database : q->role);
		return NULL;
	}
	copy = strdup(q->as);
	count = copy ? given_claims(copy, claims) : -1;
	if (count < 0)
		(void)fprintf(
			stderr, "--as wants claim=value,claim=value (at most %d)\n", GIVEN_CLAIMS_MAX);
	role = count < 0 ? NULL : policy_role_find(p, q->role, q->database, claims, (size_t)count);
	if (count >= 0 && !role)
		(void)printf("verdict: deny: these claims do not give the role \"%s\" on the "
			     "database \"%s\"\n",
			q->role, q->database);
	free(copy);
	return role;
}

static void print_act(const struct policy *p, const struct policy_role *role, const char *database,
	const struct qw_act *act)
{
	struct policy_verdict v;
	char class[160] = "";

	policy_judge_act(p, role, database, act, &v);
	if (act->verb == QW_VERB_CALL && act->name &&
		(!act->schema || strcmp(act->schema, "pg_catalog") == 0) &&
		!policy_function_class(act->name, class, sizeof(class)))
		(void)snprintf(class, sizeof(class), "not built in");
	if (act->kind == QW_OBJECT_SETTING && act->name && policy_setting_class(act->name))
		(void)snprintf(class, sizeof(class), "%s", policy_setting_class(act->name));
	(void)printf("  %-6s  %-16s %s%s%s%s%s%s%s%s%s  <- %s\n", policy_effect_name(v.effect),
		qw_verb_name(act->verb), act->kind_name, act->name ? " " : "",
		act->schema ? act->schema : "", act->schema ? "." : "", act->name ? act->name : "",
		act->value ? " = " : "", act->value ? act->value : "", class[0] ? "  " : "", class,
		v.rule);
}

static void print_facts(const struct qw_statement *st)
{
	size_t i;

	for (i = 0; i < st->relation_count; i++) {
		const struct qw_relation *r = &st->relations[i];

		(void)printf("  %s %s%s%s%s%s\n", r->is_written ? "writes" : "reads ",
			r->schema ? r->schema : "", r->schema ? "." : "", r->name,
			r->alias ? " as " : "", r->alias ? r->alias : "");
	}
	if (st->column_count)
		(void)printf("  columns");
	for (i = 0; i < st->column_count; i++) {
		const struct qw_colref *c = &st->columns[i];

		(void)printf("%s %s%s%s%s", i ? "," : "", c->qualifier ? c->qualifier : "",
			c->qualifier ? "." : "", c->name ? c->name : "*", c->is_deep ? "..." : "");
	}
	if (st->column_count)
		(void)printf("\n");
}

static void print_limits(const struct limits *l)
{
	const char *separator = "limits: ";

	for (int k = 0; k < LIMITS_COUNT; k++) {
		uint64_t max = limits_get(l, (enum limits_kind)k);

		if (!max)
			continue;
		(void)printf("%s%s %llu", separator, limits_rule((enum limits_kind)k) + strlen("limit."), (unsigned long long)max);
		separator = ", ";
	}
	if (separator[0] == ',')
		(void)printf("\n");
}

static int print_verdict(const struct policy *p, const struct policy_role *role, const struct question *q,
	const struct qw_statements *all)
{
	struct policy_verdict v;
	enum policy_effect always;

	policy_judge(p, role, q->database, all->list, all->count, &v);
	always = v.effect;
	policy_judge_moment(p, role, q->database, &q->moment, all->list, all->count, &v);
	if (v.effect != always)
		(void)printf("at this moment: %s instead of %s\n", policy_effect_name(v.effect), policy_effect_name(always));
	(void)printf("verdict: %s by rule %s%s%s\n", policy_effect_name(v.effect), v.rule,
		v.message ? ": " : "", v.message ? v.message : "");
	if (v.effect == POLICY_DENY)
		return 0;
	print_limits(&v.limits);
	if (policy_has_masks(p, role))
		(void)printf("masks of this role apply to the result (and may refuse it)\n");
	if (policy_has_detectors(p, role))
		(void)printf("detectors look at what is not masked\n");
	return 0;
}

static int explain_facts(const struct policy *p, const struct policy_role *role,
	const struct question *q, const struct qw_statements *all)
{
	struct qw_act unparsed = {.verb = QW_VERB_UNPARSED, .kind_name = "statement"};
	struct qw_statement refused = {.acts = &unparsed, .act_count = 1};
	const struct qw_statements described = {.list = &refused, .count = 1};
	size_t i, k;

	if (all->problem) {
		(void)printf("the text cannot be described: %s\n", all->problem);
		print_act(p, role, q->database, &unparsed);
		return print_verdict(p, role, q, &described);
	}
	for (i = 0; i < all->count; i++) {
		const struct qw_statement *st = &all->list[i];

		(void)printf("statement %zu: %.*s\n", i + 1,
			(int)(st->text.n < 200 ? st->text.n : 200), (const char *)st->text.p);
		print_facts(st);
		for (k = 0; k < st->act_count; k++)
			print_act(p, role, q->database, &st->acts[k]);
	}
	return print_verdict(p, role, q, all);
}

static int explain_with(const struct policy *p, const struct question *q)
{
	const struct policy_role *role = find_role(p, q);
	struct qw_statements all = {0};
	struct qw_arena arena;
	int status = 1;

	if (!role)
		return 1;
	qw_arena_init(&arena, FACTS_BYTES_MAX);
	if (parse(qw_bytes_from(q->sql), &arena, &all) != 0)
		(void)fprintf(stderr, "the statement is too large to describe: it is denied\n");
	else
		status = explain_facts(p, role, q, &all);
	qw_arena_fini(&arena);
	return status;
}

static int explain(int argc, char **argv)
{
	struct question q = {0};
	struct config_problem problem;
	struct config config = {0};
	struct policy *p;
	int status = 1;

	if (!read_question(argc, argv, &q))
		return usage();
	if (q.config && config_load(q.config, &config, &problem) != 0) {
		(void)fprintf(stderr, "%s\n", problem.text);
		return 1;
	}
	p = given_policy(q.config ? config.policy_file : q.file);
	if (p)
		status = explain_with(p, &q);
	policy_free(p);
	config_fini(&config);
	return status;
}

int cli_policy(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv[2]);
	if (argc == 3 && strcmp(argv[1], "test") == 0)
		return test(argv[2]);
	if (argc >= 3 && strcmp(argv[1], "explain") == 0)
		return explain(argc, argv);
	return usage();
}
