/* Freezes, rules with `when`, taint: what the moment takes away, and that it never gives. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "load_text.h"

#define HOUR UINT64_C(3600000000)
#define DAY (24 * HOUR)
#define MINUTE UINT64_C(60000000)
/* 2026-12-20T00:00Z, a Sunday: date -u -d 2026-12-20 +%s */
#define DECEMBER_20 (UINT64_C(1797724800) * 1000000)

#define ALL "rules:\n  - {name: all, effect: allow, verbs: ['*', unparsed]}\n"

static struct policy_verdict judge_as(const struct policy *p, const char *role, struct qw_act act, struct policy_moment now)
{
	struct qw_statement st = {.acts = &act, .act_count = 1};
	struct policy_verdict v;

	policy_judge(p, policy_role_named(p, role), "shop", &st, 1, &v);
	policy_judge_moment(p, policy_role_named(p, role), "shop", &now, &st, 1, &v);
	v.act = NULL;
	return v;
}

static struct qw_act table_act(enum qw_verb verb)
{
	return (struct qw_act){.verb = verb, .kind = QW_OBJECT_RELATION, .kind_name = "table", .schema = "public", .name = "t"};
}

static enum policy_effect at(const struct policy *p, enum qw_verb verb, uint64_t wall_us)
{
	return judge_as(p, "agent", table_act(verb), (struct policy_moment){.wall_us = wall_us}).effect;
}

static void a_freeze_holds_from_to(void **state)
{
	struct policy *p = load_text(ALL "freezes:\n"
		"  - {name: end, from: 2026-12-20T00:00Z, to: '2026-12-20T02:00:30+01:00', verbs: ['ddl.*', delete], message: later}\n"
		"  - {name: asked, effect: review, from: 2026-12-20T00:00Z, verbs: [update, delete], roles: [agent]}\n");
	struct policy_verdict v;

	(void)state;
	assert_int_equal(at(p, QW_VERB_DELETE, DECEMBER_20 - 1), POLICY_ALLOW);
	assert_int_equal(at(p, QW_VERB_DELETE, DECEMBER_20), POLICY_DENY);
	assert_int_equal(at(p, QW_VERB_DELETE, DECEMBER_20 + HOUR + 30000000 - 1), POLICY_DENY);
	assert_int_equal(at(p, QW_VERB_DELETE, DECEMBER_20 + HOUR + 30000000), POLICY_REVIEW);
	assert_int_equal(at(p, QW_VERB_UPDATE, DECEMBER_20), POLICY_REVIEW);
	assert_int_equal(at(p, QW_VERB_SELECT, DECEMBER_20), POLICY_ALLOW);
	assert_int_equal(at(p, QW_VERB_DDL_DROP, DECEMBER_20), POLICY_DENY);
	assert_int_equal(at(p, QW_VERB_DDL_DROP, 0), POLICY_DENY); /* nobody knows the time */
	v = judge_as(p, "agent", table_act(QW_VERB_DELETE), (struct policy_moment){.wall_us = DECEMBER_20});
	assert_string_equal(v.rule, "end");
	assert_string_equal(v.message, "later");
	v = judge_as(p, "dba", table_act(QW_VERB_UPDATE), (struct policy_moment){.wall_us = DECEMBER_20});
	assert_int_equal(v.effect, POLICY_ALLOW);
	assert_true(policy_has_moments(p, policy_role_named(p, "dba")));
	policy_free(p);
}

static void a_weekend_crosses_midnight(void **state)
{
	struct policy *p = load_text(
		ALL "freezes:\n  - {name: f, verbs: [delete], weekly: {days: [fri, sat], from: '18:00', to: '06:00'}}\n");
	uint64_t friday = DECEMBER_20 - 2 * DAY;

	(void)state;
	assert_int_equal(at(p, QW_VERB_DELETE, friday + 18 * HOUR - 1), POLICY_ALLOW);
	assert_int_equal(at(p, QW_VERB_DELETE, friday + 18 * HOUR), POLICY_DENY);
	assert_int_equal(at(p, QW_VERB_DELETE, friday + 30 * HOUR - 1), POLICY_DENY);
	assert_int_equal(at(p, QW_VERB_DELETE, friday + 30 * HOUR), POLICY_ALLOW);
	assert_int_equal(at(p, QW_VERB_DELETE, friday + 53 * HOUR), POLICY_DENY); /* Sunday 05:00 is Saturday's */
	assert_int_equal(at(p, QW_VERB_DELETE, friday + 66 * HOUR), POLICY_ALLOW);
	policy_free(p);
}

/* Weekly windows against a slow walk: the minute is frozen when one of the last 1440 began a window that still lasts. */
static void weekly_windows_are_what_a_calendar_says(void **state)
{
	static const char *const words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 60; round++) {
		int from = rand_r(&seed) % 1440, to = round % 4 ? rand_r(&seed) % 1440 : from, offset = rand_r(&seed) % (14 * 60);
		int day = rand_r(&seed) % 7, other = rand_r(&seed) % 7, length = to > from ? to - from : to - from + 1440;
		int signed_offset = round % 2 ? offset : -offset;
		char text[512];
		struct policy *p;

		(void)snprintf(text, sizeof(text),
			ALL "freezes:\n  - {name: f, verbs: [delete], weekly: {days: [%s, %s], from: '%02d:%02d', to: '%02d:%02d', "
			    "timezone: '%c%02d:%02d'}}\n",
			words[day], words[other], from / 60, from % 60, to / 60, to % 60, round % 2 ? '+' : '-', offset / 60,
			offset % 60);
		p = load_text(text);
		for (int i = 0; i < 300; i++) {
			int minute = rand_r(&seed) % (7 * 1440), local = ((minute + signed_offset) % 10080 + 10080) % 10080;
			int first = day * 1440 + from, second = other * 1440 + from;
			bool is_frozen = (local - first + 10080) % 10080 < length || (local - second + 10080) % 10080 < length;

			/* 2026-12-20 was a Sunday */
			assert_int_equal(at(p, QW_VERB_DELETE, DECEMBER_20 + (uint64_t)minute * MINUTE + 59999999),
				is_frozen ? POLICY_DENY : POLICY_ALLOW);
		}
		policy_free(p);
	}
}

static void leap_days_and_far_years(void **state)
{
	static const struct {
		const char *text;
		uint64_t s;
	} times[] = {{"2024-02-29T23:59:59Z", 1709251199}, {"2000-03-01T00:00Z", 951868800}, {"1970-01-01T00:01Z", 60},
		{"2100-03-01T00:00Z", 4107542400}, {"9999-12-31T23:59:59Z", 253402300799}, {"2026-01-01T00:30-02:30", 1767236400}};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(times); i++) {
		char text[256];
		struct policy *p;

		(void)snprintf(text, sizeof(text), ALL "freezes:\n  - {name: f, verbs: [delete], from: '%s'}\n", times[i].text);
		p = load_text(text);
		assert_int_equal(at(p, QW_VERB_DELETE, times[i].s * 1000000), POLICY_DENY);
		assert_int_equal(at(p, QW_VERB_DELETE, times[i].s * 1000000 - 1), POLICY_ALLOW);
		policy_free(p);
	}
}

static void rules_hold_when_all_words_do(void **state)
{
	struct policy *p = load_text("rules:\n  - {name: all, effect: allow, verbs: ['*']}\n"
		"  - {name: locks, effect: deny, when: outside_transaction, verbs: [select.lock]}\n"
		"  - {name: both, effect: review, when: [tainted, in_transaction], verbs: [update]}\n"
		"  - {name: secrets, effect: deny, when: [reads_secret], verbs: [copy.out]}\n");
	struct policy_moment now = {.wall_us = DECEMBER_20};

	(void)state;
	assert_string_equal(judge_as(p, "agent", table_act(QW_VERB_SELECT_LOCK), now).rule, "locks");
	assert_int_equal(judge_as(p, "agent", table_act(QW_VERB_UPDATE), now).effect, POLICY_ALLOW);
	now.is_tainted = true;
	assert_int_equal(judge_as(p, "agent", table_act(QW_VERB_UPDATE), now).effect, POLICY_ALLOW);
	now.in_transaction = true;
	assert_int_equal(judge_as(p, "agent", table_act(QW_VERB_UPDATE), now).effect, POLICY_REVIEW);
	assert_int_equal(judge_as(p, "agent", table_act(QW_VERB_SELECT_LOCK), now).effect, POLICY_ALLOW);
	assert_int_equal(judge_as(p, "agent", table_act(QW_VERB_COPY_OUT), now).effect, POLICY_ALLOW);
	now.reads_secret = true;
	assert_int_equal(judge_as(p, "agent", table_act(QW_VERB_COPY_OUT), now).effect, POLICY_DENY);
	policy_free(p);
}

static enum policy_effect tainted(const struct policy *p, const char *role, struct qw_act act, bool reads_secret)
{
	return judge_as(p, role, act, (struct policy_moment){.wall_us = 1, .is_tainted = true, .reads_secret = reads_secret}).effect;
}

static struct qw_act call(const char *schema, const char *name)
{
	return (struct qw_act){.verb = QW_VERB_CALL, .kind = QW_OBJECT_FUNCTION, .kind_name = "function", .schema = schema,
		.name = name};
}

static void taint_forbids_secrets_and_egress(void **state)
{
	struct policy *p = load_text(ALL "untrusted:\n"
		"  - {name: strangers, roles: [agent], databases: [shop], columns: [public.reviews.body, 'inbox.*.*']}\n"
		"  - {name: mild, roles: [dba], columns: [public.reviews.body], when_tainted: {secret: allow, egress: review}}\n");
	const struct policy_role *agent = policy_role_named(p, "agent"), *dba = policy_role_named(p, "dba");
	static const char *const out[][2] = {{"public", "dblink_exec"}, {NULL, "dblink"}, {"pg_catalog", "pg_notify"}, {NULL, "lo_export"},
		{"x", "http_get"}, {"net", "anything"}, {"aws_s3", "query_export_to_s3"}, {NULL, NULL}};
	struct qw_act act = {.verb = QW_VERB_DDL_CREATE, .kind = QW_OBJECT_OTHER, .kind_name = "server", .name = "s"};

	(void)state;
	assert_true(policy_taints(p, agent, "shop", &(struct policy_column){"public", "reviews", "body"}));
	assert_true(policy_taints(p, agent, "shop", &(struct policy_column){"public", "reviews", NULL}));
	assert_false(policy_taints(p, agent, "shop", &(struct policy_column){"public", "reviews", "stars"}));
	assert_true(policy_taints(p, agent, "shop", &(struct policy_column){"inbox", "a", "b"}));
	assert_false(policy_taints(p, agent, "other", &(struct policy_column){"inbox", "a", "b"}));
	assert_true(policy_taints(p, agent, NULL, &(struct policy_column){"inbox", "a", "b"}));
	assert_false(policy_taints(p, dba, "shop", &(struct policy_column){"inbox", "a", "b"}));
	for (size_t i = 0; i < QW_COUNT(out); i++) {
		assert_int_equal(tainted(p, "agent", call(out[i][0], out[i][1]), false), POLICY_DENY);
		assert_int_equal(tainted(p, "dba", call(out[i][0], out[i][1]), false), POLICY_REVIEW);
		assert_int_equal(judge_as(p, "agent", call(out[i][0], out[i][1]), (struct policy_moment){0}).effect, POLICY_ALLOW);
	}
	assert_int_equal(tainted(p, "agent", call("pg_catalog", "lower"), false), POLICY_ALLOW);
	assert_int_equal(tainted(p, "agent", call(NULL, "schedule"), false), POLICY_ALLOW); /* until the tree says cron.schedule */
	assert_int_equal(tainted(p, "agent", call("cron", "schedule"), false), POLICY_DENY);
	assert_int_equal(tainted(p, "agent", table_act(QW_VERB_SELECT), false), POLICY_ALLOW);
	assert_int_equal(tainted(p, "agent", table_act(QW_VERB_SELECT), true), POLICY_DENY);
	assert_int_equal(tainted(p, "dba", table_act(QW_VERB_SELECT), true), POLICY_ALLOW);
	assert_int_equal(tainted(p, "agent", table_act(QW_VERB_COPY_PROGRAM), false), POLICY_DENY);
	assert_int_equal(tainted(p, "agent", table_act(QW_VERB_UNPARSED), false), POLICY_DENY);
	assert_int_equal(tainted(p, "agent", act, false), POLICY_DENY);
	assert_int_equal(tainted(p, "agent", table_act(QW_VERB_DDL_CREATE), false), POLICY_ALLOW);
	act.verb = QW_VERB_COUNT;
	assert_int_equal(tainted(p, "agent", act, false), POLICY_DENY);
	policy_free(p);
}

/* Whatever the moment, a verdict never gets milder, and what decided is named. */
static void a_moment_never_gives(void **state)
{
	static const char *const effects[] = {"deny", "review", "allow"}, *const kinds[] = {"table", "server", "schema"};
	unsigned seed = 5;

	(void)state;
	for (int round = 0; round < 100; round++) {
		char text[1024];
		struct policy *p;

		(void)snprintf(text, sizeof(text),
			"rules:\n  - {name: a, effect: %s, verbs: ['*']}\n  - {name: b, effect: %s, verbs: [select, call, 'ddl.*']}\n"
			"  - {name: c, effect: %s, when: [tainted], verbs: ['*'], databases: [%s]}\n"
			"freezes:\n  - {name: f, effect: %s, verbs: [update, 'ddl.*'], from: 2026-12-20T00:00Z}\n"
			"untrusted:\n  - {name: u, columns: [a.b.c], when_tainted: {secret: %s, egress: %s}}\n",
			effects[rand_r(&seed) % 3], effects[rand_r(&seed) % 3], effects[rand_r(&seed) % 2],
			rand_r(&seed) % 2 ? "shop" : "other", effects[rand_r(&seed) % 2], effects[rand_r(&seed) % 3],
			effects[rand_r(&seed) % 3]);
		p = load_text(text);
		for (int i = 0; i < 100; i++) {
			struct qw_act acts[2];
			struct qw_statement st = {.acts = acts, .act_count = 2};
			struct policy_verdict before, after;
			struct policy_moment now = {.wall_us = DECEMBER_20 - DAY + (uint64_t)(rand_r(&seed) % 3) * DAY,
				.is_tainted = rand_r(&seed) % 2, .in_transaction = rand_r(&seed) % 2, .reads_secret = rand_r(&seed) % 2};

			for (int k = 0; k < 2; k++) {
				acts[k] = table_act((enum qw_verb)(rand_r(&seed) % (QW_VERB_COUNT + 1)));
				acts[k].kind_name = kinds[rand_r(&seed) % 3];
			}
			policy_judge(p, policy_role_named(p, "agent"), "shop", &st, 1, &before);
			after = before;
			policy_judge_moment(p, policy_role_named(p, "agent"), "shop", &now, &st, 1, &after);
			assert_true(after.effect <= before.effect);
			if (after.effect < before.effect)
				assert_true(strchr("cfu", after.rule[0]) && after.act);
			else
				assert_memory_equal(&after, &before, sizeof(before));
		}
		policy_free(p);
	}
}

static void nobody_has_no_moment(void **state)
{
	struct policy *p = load_text(ALL);
	struct policy_verdict v = {.effect = POLICY_ALLOW, .rule = "all"};

	(void)state;
	assert_false(policy_has_moments(p, policy_role_named(p, "agent")));
	policy_judge_moment(p, NULL, "shop", &(struct policy_moment){.wall_us = 1}, NULL, 0, &v);
	assert_int_equal(v.effect, POLICY_DENY);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_freeze_holds_from_to),
		cmocka_unit_test(a_weekend_crosses_midnight),
		cmocka_unit_test(weekly_windows_are_what_a_calendar_says),
		cmocka_unit_test(leap_days_and_far_years),
		cmocka_unit_test(rules_hold_when_all_words_do),
		cmocka_unit_test(taint_forbids_secrets_and_egress),
		cmocka_unit_test(a_moment_never_gives),
		cmocka_unit_test(nobody_has_no_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
