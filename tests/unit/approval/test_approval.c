#include "qw/approval.h"

#include <setjmp.h>
#include <stdarg.h>
/* after its needs */
#include <cmocka.h>

static void only_the_drawn_edges_are_allowed(void **state)
{
	static const enum approval_state edges[][2] = {
		{APPROVAL_PENDING, APPROVAL_APPROVED},
		{APPROVAL_PENDING, APPROVAL_DENIED},
		{APPROVAL_PENDING, APPROVAL_EXPIRED},
		{APPROVAL_PENDING, APPROVAL_WITHDRAWN},
		{APPROVAL_APPROVED, APPROVAL_CONSUMED},
		{APPROVAL_APPROVED, APPROVAL_EXPIRED},
	};

	(void)state;
	for (int from = -1; from < 8; from++) {
		for (int to = -1; to < 8; to++) {
			bool want = false;

			for (size_t i = 0; i < QW_COUNT(edges); i++)
				want |= (int)edges[i][0] == from && (int)edges[i][1] == to;
			assert_int_equal(approval_move_allowed((enum approval_state)from,
						 (enum approval_state)to),
				want);
		}
	}
	assert_string_equal(approval_state_name(APPROVAL_WITHDRAWN), "withdrawn");
	assert_string_equal(approval_state_name((enum approval_state)99), "unknown");
}

static const struct approval_subject sample = {
	.statement = {(const uint8_t *)"drop table t", 12},
	.binds = {(const uint8_t *)"\0\1", 2},
	.target = "shop",
	.database = "shopdb",
	.role = "agent",
	.issuer = "https://idp",
	.subject = "ann",
	.actor = "bot",
	.settings_digest = {1, 2, 3},
	.policy_revision = "r1",
};

static void check_differs(const struct approval_subject *other)
{
	uint8_t a[APPROVAL_DIGEST_BYTES], b[APPROVAL_DIGEST_BYTES];

	assert_int_equal(approval_digest(&sample, a), 0);
	assert_int_equal(approval_digest(other, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void digest_is_bound_to_every_field(void **state)
{
	uint8_t a[APPROVAL_DIGEST_BYTES], b[APPROVAL_DIGEST_BYTES];
	struct approval_subject s;

	(void)state;
	assert_int_equal(approval_digest(&sample, a), 0);
	assert_int_equal(approval_digest(&sample, b), 0);
	assert_memory_equal(a, b, sizeof(a));
#define CHANGED(field, value)                                                                      \
	do {                                                                                       \
		s = sample;                                                                        \
		s.field = (value);                                                                 \
		check_differs(&s);                                                                 \
	} while (0)
	CHANGED(statement, QW_LIT("drop table t "));
	CHANGED(binds, QW_LIT("\0\2"));
	CHANGED(target, "shop2");
	CHANGED(database, "shopdc");
	CHANGED(role, "dba");
	CHANGED(issuer, "https://idq");
	CHANGED(subject, "bob");
	CHANGED(actor, NULL);
	CHANGED(actor, "");
	CHANGED(policy_revision, "r2");
	CHANGED(settings_digest[31], 1);
#undef CHANGED
}

/* Bytes that move from one field into its neighbour change the digest. */
static void digest_has_no_ambiguity(void **state)
{
	uint8_t a[APPROVAL_DIGEST_BYTES], b[APPROVAL_DIGEST_BYTES];
	struct approval_subject one = sample, two = sample;

	(void)state;
	one.target = "ab";
	one.database = "c";
	two.target = "a";
	two.database = "bc";
	assert_int_equal(approval_digest(&one, a), 0);
	assert_int_equal(approval_digest(&two, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	one = two = sample;
	one.statement = QW_LIT("abc");
	one.binds = QW_LIT("");
	two.statement = QW_LIT("ab");
	two.binds = QW_LIT("c");
	assert_int_equal(approval_digest(&one, a), 0);
	assert_int_equal(approval_digest(&two, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	one.actor = NULL;
	two = one;
	two.actor = "";
	assert_int_equal(approval_digest(&one, a), 0);
	assert_int_equal(approval_digest(&two, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void who_may_not_decide(void **state)
{
	struct approval a = {.state = APPROVAL_PENDING,
		.expires_us = 1000,
		.issuer = "i",
		.subject = "ann",
		.actor = "bot"};

	(void)state;
	assert_null(approval_refuse_decision(&a, "i", "dba", 999));
	assert_null(
		approval_refuse_decision(&a, "other", "ann", 999)); /* somebody else of that name */
	assert_non_null(approval_refuse_decision(&a, "i", "ann", 999));
	assert_non_null(approval_refuse_decision(&a, "i", "bot", 999));
	assert_non_null(approval_refuse_decision(&a, "other", "bot", 999));
	assert_non_null(approval_refuse_decision(&a, "i", "dba", 1000));
	assert_non_null(approval_refuse_decision(&a, "", "dba", 999));
	assert_non_null(approval_refuse_decision(&a, NULL, "dba", 999));
	assert_non_null(approval_refuse_decision(&a, "i", "", 999));
	assert_non_null(approval_refuse_decision(&a, "i", NULL, 999));
	for (int s = APPROVAL_APPROVED; s <= APPROVAL_WITHDRAWN; s++) {
		a.state = (enum approval_state)s;
		assert_non_null(approval_refuse_decision(&a, "i", "dba", 999));
	}
	a.state = APPROVAL_PENDING;
	a.subject = NULL;
	assert_non_null(approval_refuse_decision(&a, "i", "dba", 999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_drawn_edges_are_allowed),
		cmocka_unit_test(digest_is_bound_to_every_field),
		cmocka_unit_test(digest_has_no_ambiguity),
		cmocka_unit_test(who_may_not_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
