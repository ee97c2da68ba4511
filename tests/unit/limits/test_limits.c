#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "qw/limits.h"

#define MINUTE UINT64_C(60000000)

static unsigned seed = 11;

static uint64_t pick(uint64_t n)
{
	return (uint64_t)rand_r(&seed) % n;
}

static void the_stricter_of_both_holds(void **state)
{
	struct limits a = {.rows_returned = 10, .statement_s = 5}, b = {.rows_returned = 20, .statement_s = 3, .sessions = 2};

	(void)state;
	limits_tighten(&a, &b);
	assert_int_equal(a.rows_returned, 10);
	assert_int_equal(a.statement_s, 3);
	assert_int_equal(a.sessions, 2);
	assert_int_equal(a.rows_affected, 0);
	assert_true(limits_allow(&a, LIMITS_ROWS_RETURNED, 10));
	assert_false(limits_allow(&a, LIMITS_ROWS_RETURNED, 11));
	assert_true(limits_allow(&a, LIMITS_ROWS_AFFECTED, UINT64_MAX));
	assert_string_equal(limits_rule(LIMITS_ROWS_RETURNED), "limit.rows_returned");
	for (int k = 0; k < LIMITS_COUNT; k++) {
		assert_memory_equal(limits_rule((enum limits_kind)k), "limit.", 6);
		assert_true(strlen(limits_what((enum limits_kind)k)) > 10);
		assert_true(strlen(limits_instead((enum limits_kind)k)) > 10);
	}
}

static void a_burst_and_then_evenly(void **state)
{
	struct limits_bucket b = {0};
	uint64_t wait, now = 5 * MINUTE;

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_true(limits_take(&b, 6, 1, now, &wait));
	assert_false(limits_take(&b, 6, 1, now, &wait));
	assert_int_equal(wait, MINUTE / 6);
	assert_false(limits_take(&b, 6, 1, now + wait - 1, NULL));
	assert_true(limits_take(&b, 6, 1, now + wait, NULL));
	assert_false(limits_take(&b, 6, 7, now + 100 * MINUTE, &wait));
	assert_true(wait == UINT64_MAX);
	assert_true(limits_take(&b, 6, 6, now + 100 * MINUTE, &wait));
	assert_true(limits_take(&b, 0, 1000, now, &wait)); /* no limit */
	assert_true(limits_take(&b, 6, 0, now, &wait));
}

/*
 * In any window of time at most the burst and what refilled is given; what is refused is given after the wait that was
 * named, and not before; time that goes back gives nothing.
 */
static void never_more_than_promised(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		uint64_t rate = round % 10 == 0 ? pick(5) + 1 : pick(100000) + 1, now = pick(1000), start = now, given = 0;
		struct limits_bucket b = {.at_us = now};

		for (int i = 0; i < 300; i++) {
			uint64_t n = pick(4) ? 1 : pick(rate + 2) + 1, wait;
			struct limits_bucket before = b;

			if (pick(8) == 0 && b.at_us > 1000) { /* the clock jumps back: no harm */
				(void)limits_take(&b, rate, rate, b.at_us - 1000, &wait);
				assert_true(b.used >= before.used);
				b = before;
			}
			if (limits_take(&b, rate, n, now, &wait)) {
				given += n;
			} else if (wait != UINT64_MAX) {
				struct limits_bucket later = b, early = b;

				assert_true(limits_take(&later, rate, n, now + wait, NULL));
				assert_false(limits_take(&early, rate, n, now + wait - 1, NULL));
			} else {
				assert_true(n > rate);
			}
			assert_true(given * MINUTE <= rate * MINUTE + (now - start) * rate);
			now += pick(3) ? pick(2000) : pick(3 * MINUTE);
		}
	}
}

static void a_limit_may_change(void **state)
{
	struct limits_bucket b = {0};

	(void)state;
	assert_true(limits_take(&b, 100, 100, 1, NULL));
	assert_false(limits_take(&b, 10, 1, 1, NULL));
	assert_true(limits_take(&b, 1000, 900, 1, NULL));
	assert_false(limits_take(&b, UINT64_MAX, UINT64_MAX, 1, NULL));
	assert_true(limits_take(&b, UINT64_MAX, 1000000, 1, NULL));
	assert_true(limits_take(&b, 1, 1, UINT64_MAX, NULL));
}

static void principals_do_not_share(void **state)
{
	struct limits_table *t = limits_table_new(4);
	uint64_t wait;

	(void)state;
	assert_int_equal(limits_table_take(t, "ann", "statements", 2, 2, 1, &wait), 0);
	assert_int_equal(limits_table_take(t, "ann", "statements", 2, 1, 1, &wait), QW_E_LIMIT);
	assert_int_equal(wait, MINUTE / 2);
	assert_int_equal(limits_table_take(t, "ann", "equality:m", 2, 1, 1, &wait), 0);
	assert_int_equal(limits_table_take(t, "bob", "statements", 2, 1, 1, &wait), 0);
	assert_int_equal(limits_table_take(t, "annst", "atements", 2, 1, 1, &wait), 0);
	assert_int_equal(limits_table_take(t, "cid", "statements", 2, 1, 1, &wait), QW_E_FULL);
	assert_int_equal(limits_table_take(t, "cid", "statements", 0, 1, 1, &wait), 0); /* nothing to count */
	assert_int_equal(limits_table_take(t, "cid", "statements", 2, 1, 2 * MINUTE, &wait), 0); /* the others have refilled */
	limits_table_free(t);
	limits_table_free(NULL);
}

static void sessions_are_counted(void **state)
{
	struct limits_table *t = limits_table_new(2);

	(void)state;
	assert_int_equal(limits_table_enter(t, "ann", 2, 1), 0);
	assert_int_equal(limits_table_enter(t, "ann", 2, 1), 0);
	assert_int_equal(limits_table_enter(t, "ann", 2, 1), QW_E_LIMIT);
	assert_int_equal(limits_table_enter(t, "bob", 0, 1), 0);
	assert_int_equal(limits_table_enter(t, "cid", 0, 90 * MINUTE), QW_E_FULL); /* open sessions are never forgotten */
	limits_table_leave(t, "ann");
	assert_int_equal(limits_table_enter(t, "ann", 2, 1), 0);
	limits_table_leave(t, "bob");
	assert_int_equal(limits_table_enter(t, "cid", 0, 1), 0);
	limits_table_free(t);
}

/* Random traffic against a plain count of what is open; entries come and go, none is lost. */
static void a_small_table_counts_right(void **state)
{
	struct limits_table *t = limits_table_new(8);
	uint64_t open[20] = {0}, now = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t who = pick(20), live = 0;
		char name[8];
		int err;

		(void)snprintf(name, sizeof(name), "p%zu", who);
		now += pick(1000000);
		if (open[who] && pick(2)) {
			limits_table_leave(t, name);
			open[who]--;
			continue;
		}
		err = limits_table_enter(t, name, 3, now);
		for (size_t k = 0; k < 20; k++)
			live += open[k] > 0;
		if (err == 0)
			open[who]++;
		else if (err == QW_E_LIMIT)
			assert_int_equal(open[who], 3);
		else
			assert_true(err == QW_E_FULL && live == 8 && open[who] == 0);
		assert_true(open[who] <= 3);
	}
	limits_table_free(t);
}

#define NUMBER(n) {LIMITS_ARG_NUMBER, n}
#define TEXT(n) {LIMITS_ARG_TEXT, n}
#define UNKNOWN {LIMITS_ARG_UNKNOWN, 0}

static void calls_cost_what_their_constants_say(void **state)
{
	static const struct {
		const char *function;
		struct limits_argument args[3];
		size_t count;
		bool is_known;
		struct limits_cost cost;
	} cases[] = {
		{"generate_series", {NUMBER(1), NUMBER(2000000)}, 2, true, {.rows = 2000000}},
		{"generate_series", {NUMBER(10), NUMBER(1), NUMBER(-3)}, 3, true, {.rows = 4}},
		{"generate_series", {NUMBER(1), NUMBER(10), NUMBER(0)}, 3, true, {0}},
		{"generate_series", {NUMBER(2), NUMBER(1)}, 2, true, {0}},
		{"generate_series", {NUMBER(INT64_MIN), NUMBER(INT64_MAX)}, 2, true, {.rows = UINT64_MAX}},
		{"generate_series", {NUMBER(INT64_MAX), NUMBER(INT64_MIN), NUMBER(INT64_MIN)}, 3, true, {.rows = 2}},
		{"generate_series", {NUMBER(1), UNKNOWN}, 2, false, {0}},
		{"generate_series", {NUMBER(1)}, 1, false, {0}},
		{"generate_series", {NUMBER(1), {LIMITS_ARG_NULL, 0}}, 2, true, {0}},
		{"repeat", {TEXT(4), NUMBER(50000000)}, 2, true, {.bytes = 200000000}},
		{"repeat", {UNKNOWN, NUMBER(7)}, 2, true, {.bytes = 7}},
		{"repeat", {TEXT(INT64_MAX), NUMBER(INT64_MAX)}, 2, true, {.bytes = UINT64_MAX}},
		{"repeat", {TEXT(3), NUMBER(-1)}, 2, true, {0}},
		{"repeat", {TEXT(3), UNKNOWN}, 2, false, {0}},
		{"lpad", {TEXT(3), NUMBER(1000), TEXT(1)}, 3, true, {.bytes = 1000}},
		{"rpad", {UNKNOWN, NUMBER(1000)}, 2, true, {.bytes = 1000}},
		{"lower", {TEXT(3)}, 1, false, {0}},
		{"repeat", {{0}}, 0, false, {0}},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		struct limits_cost cost;

		assert_int_equal(limits_call_cost(cases[i].function, cases[i].args, cases[i].count, &cost), cases[i].is_known);
		assert_true(cost.rows == cases[i].cost.rows && cost.bytes == cases[i].cost.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stricter_of_both_holds),
		cmocka_unit_test(a_burst_and_then_evenly),
		cmocka_unit_test(never_more_than_promised),
		cmocka_unit_test(a_limit_may_change),
		cmocka_unit_test(principals_do_not_share),
		cmocka_unit_test(sessions_are_counted),
		cmocka_unit_test(a_small_table_counts_right),
		cmocka_unit_test(calls_cost_what_their_constants_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
