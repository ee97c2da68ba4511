/* Seeded loops over made-up policies: what must hold for every one of them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "qw/policy.h"

enum { ROUNDS = 300, ACTS = 60, RULES = 6 };

static const char *const schemas[] = {"public", "hr", "pg_catalog", "*", "s*"};
static const char *const names[] = {"t", "lower", "pg_class", "*", "pg_*", "pg_read_file"};
static const char *const settings[] = {"timezone", "search_path", "*"};
static unsigned seed;

static size_t pick(size_t n)
{
	return (size_t)rand_r(&seed) % n;
}

static void add_rule(struct qw_buf *b, size_t i, const char *effect)
{
	int err = qw_buf_printf(b, "  - name: r%zu\n    effect: %s\n", i, effect);

	switch (pick(5)) {
	case 0:
		err |= qw_buf_printf(b, "    verbs: ['*']\n");
		break;
	case 1:
		err |= qw_buf_printf(b, "    verbs: ['*']\n    objects: ['%s.%s']\n",
			schemas[pick(5)], names[pick(6)]);
		break;
	case 2:
		err |= qw_buf_printf(b, "    verbs: [call]\n    functions: ['%s.%s', '@%s']\n",
			schemas[pick(5)], names[pick(6)], pick(2) ? "allow" : "file");
		break;
	case 3:
		err |= qw_buf_printf(
			b, "    verbs: [set, show]\n    settings: ['%s']\n", settings[pick(3)]);
		break;
	case 4:
		err |= qw_buf_printf(b, "    verbs: [select, 'ddl.*', unparsed]\n");
		break;
	}
	assert_int_equal(err, 0);
}

static struct policy *load(const struct qw_buf *b)
{
	struct policy_problem problem;
	struct policy *p = NULL;

	if (policy_load("made up", qw_buf_pending(b), &p, &problem) != 0)
		fail_msg("%s", problem.text);
	return p;
}

static struct qw_act random_act(void)
{
	static const char *const act_schemas[] = {NULL, "public", "hr", "pg_catalog"};
	static const char *const act_names[] = {
		NULL, "t", "lower", "pg_class", "pg_read_file", "timezone", "hr"};
	static const char *const kinds[] = {"table", "schema", "role"};

	return (struct qw_act){.verb = (enum qw_verb)pick(QW_VERB_COUNT + 1),
		.kind = (enum qw_object_kind)pick(5),
		.kind_name = kinds[pick(3)],
		.schema = act_schemas[pick(4)],
		.name = act_names[pick(7)]};
}

static void start(struct qw_buf *b)
{
	qw_buf_init(b, 1 << 16);
	assert_int_equal(
		qw_buf_printf(b, "version: 1\nroles: [{name: r, databases: ['*']}]\nrules:\n"), 0);
}

static const char *const effects[] = {"deny", "review", "allow"};

/* One more rule of effect e can move a verdict only towards e, from what is less strict or from the
 * default. */
static void one_more_denial_never_allows_more(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		const char *last = effects[pick(2)]; /* deny or review */
		struct policy *before, *after;
		struct qw_buf b;

		start(&b);
		for (size_t i = 0; i < RULES; i++)
			add_rule(&b, i, effects[pick(3)]);
		before = load(&b);
		add_rule(&b, RULES, last);
		after = load(&b);
		for (int i = 0; i < ACTS; i++) {
			struct policy_verdict x, y;
			struct qw_act act = random_act();

			policy_judge_act(before, policy_role_named(before, "r"), "d", &act, &x);
			policy_judge_act(after, policy_role_named(after, "r"), "d", &act, &y);
			if (last == effects[0])
				assert_true(y.effect <= x.effect);
			else
				assert_true(y.effect <= x.effect || strcmp(x.rule, "default") == 0);
			assert_false(y.effect == POLICY_ALLOW && x.effect != POLICY_ALLOW);
		}
		policy_free(before);
		policy_free(after);
		qw_buf_fini(&b);
	}
}

/* The order of the rules in the file changes no effect. */
static void order_does_not_matter(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct qw_buf rules[RULES], one, two;
		struct policy *p, *q;

		start(&one);
		start(&two);
		for (size_t i = 0; i < RULES; i++) {
			qw_buf_init(&rules[i], 1 << 12);
			add_rule(&rules[i], i, effects[pick(3)]);
			assert_int_equal(qw_buf_append(&one, rules[i].p, rules[i].n), 0);
		}
		for (size_t i = RULES; i-- > 0;) {
			assert_int_equal(qw_buf_append(&two, rules[i].p, rules[i].n), 0);
			qw_buf_fini(&rules[i]);
		}
		p = load(&one);
		q = load(&two);
		for (int i = 0; i < ACTS; i++) {
			struct policy_verdict x, y;
			struct qw_act act = random_act();

			policy_judge_act(p, policy_role_named(p, "r"), "d", &act, &x);
			policy_judge_act(q, policy_role_named(q, "r"), "d", &act, &y);
			assert_int_equal(x.effect, y.effect);
		}
		policy_free(p);
		policy_free(q);
		qw_buf_fini(&one);
		qw_buf_fini(&two);
	}
}

static bool match_slowly(const char *pattern, const char *text)
{
	if (*pattern == '\0')
		return *text == '\0';
	if (*pattern == '*')
		return match_slowly(pattern + 1, text) ||
		       (*text && match_slowly(pattern, text + 1));
	return *pattern == *text && match_slowly(pattern + 1, text + 1);
}

static void patterns_match_as_their_definition(void **state)
{
	char pattern[8], text[10], long_text[20001];
	size_t i, n;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (n = pick(sizeof(pattern)), i = 0; i < n; i++)
			pattern[i] = "ab*"[pick(3)];
		pattern[n] = '\0';
		for (n = pick(sizeof(text)), i = 0; i < n; i++)
			text[i] = "ab"[pick(2)];
		text[n] = '\0';
		assert_int_equal(policy_pattern_match(pattern, text), match_slowly(pattern, text));
	}
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_false(policy_pattern_match("*a*a*a*a*a*a*a*a*b", long_text));
}

static int seed_again(void **state)
{
	(void)state;
	seed = 20261123;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_more_denial_never_allows_more, seed_again),
		cmocka_unit_test_setup(order_does_not_matter, seed_again),
		cmocka_unit_test_setup(patterns_match_as_their_definition, seed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
