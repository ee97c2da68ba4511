/* What the keys of a mask become. What is refused: fixtures/policy/refused/mask-*.yaml */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "qw/policy.h"

static struct policy *p;

/* The only mask of a policy, of these keys. */
static const struct mask_spec *spec_of(const char *keys)
{
	struct policy_problem problem = {0};
	char yaml[1024];

	policy_free(p);
	p = NULL;
	(void)snprintf(yaml, sizeof(yaml),
		"version: 1\nroles:\n  - {name: agent, match: {groups: [a]}, databases: [shop]}\nrules: []\nmasks:\n"
		"  - {name: m, columns: [public.t.c], %s}\n", keys);
	if (policy_load("p.yaml", qw_bytes_from(yaml), &p, &problem))
		fail_msg("%s", problem.text);
	assert_int_equal(policy_mask_count(p), 1);
	return &policy_mask_at(p, 0)->spec;
}

static void test_keys(void **state)
{
	const struct mask_spec *s = spec_of("mask: ff1, keep_first: 6, keep_last: 4, check_digit: luhn, domain: cards");

	(void)state;
	assert_int_equal(s->kind, MASK_FF1);
	assert_int_equal(s->keep_first, 6);
	assert_int_equal(s->keep_last, 4);
	assert_true(s->has_check_digit);
	assert_string_equal(s->domain, "cards");
	s = spec_of("mask: ff1");
	assert_false(s->has_check_digit || s->keep_first || s->keep_last || s->domain);
	s = spec_of("mask: email, keep_domains: [example.org, mail.example.net]");
	assert_int_equal(s->kind, MASK_EMAIL);
	assert_string_equal(s->constant, "example.org mail.example.net");
	assert_string_equal(spec_of("mask: email, keep_domains: example.org")->constant, "example.org");
	assert_null(spec_of("mask: email")->constant);
	s = spec_of("mask: date_shift, days: 36500, subject: customer_id, domain: customers");
	assert_int_equal(s->kind, MASK_DATE_SHIFT);
	assert_int_equal(s->days, 36500);
	assert_string_equal(s->subject, "customer_id");
	assert_string_equal(s->domain, "customers");
	s = spec_of("mask: round, to: 1000000000000");
	assert_int_equal(s->kind, MASK_ROUND);
	assert_true(s->step == MASK_STEP_MAX);
	assert_int_equal(spec_of("mask: truncate, to: month")->unit, MASK_UNIT_MONTH);
	assert_int_equal(spec_of("mask: truncate, to: year")->unit, MASK_UNIT_YEAR);
	s = spec_of("mask: constant, value: hidden");
	assert_int_equal(s->kind, MASK_CONSTANT);
	assert_string_equal(s->constant, "hidden");
	assert_int_equal(spec_of("mask: partial, keep_last: 4")->keep_last, 4);
	assert_int_equal(spec_of("mask: null")->kind, MASK_NULL);
	assert_string_equal(spec_of("mask: hash, domain: d")->domain, "d");
	policy_free(p);
	p = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
