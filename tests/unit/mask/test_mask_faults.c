/* The n-th allocation fails, for n = 1, 2, ...: an error, or a value that is masked as ever; never the value itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "qw/mask.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static unsigned left; /* 0: nothing fails */

static bool fails(void)
{
	return left > 0 && --left == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

static const struct {
	enum mask_kind kind;
	uint32_t oid;
	const char *value;
} cases[] = {
	{MASK_REDACT, 25, "4111111111111111"}, {MASK_PARTIAL, 25, "4111111111111111"}, {MASK_HASH, 25, "4111111111111111"},
	{MASK_EMAIL, 25, "ann@example.org"}, {MASK_FF1, 25, "4111111111111111"}, {MASK_FF1, 23, "12345678"}, {MASK_DATE_SHIFT, 1082, "2024-02-29"},
	{MASK_ROUND, 1700, "1234567.89"}, {MASK_PARTIAL, 1009, "{\"4111\\\\111111111111\",4111111111111111}"},
	{MASK_HASH, 1042, "x"}, {MASK_CONSTANT, 1009, "{}"}, {MASK_CONSTANT, 114, "{}"},
};

/* Returns whether the failure was reached. */
static bool one(size_t i, unsigned n)
{
	struct mask_spec spec = {.kind = cases[i].kind, .keep_last = 4, .days = 30, .step = 1000, .constant = cases[i].kind == MASK_CONSTANT ? "hidden" : NULL};
	struct mask_column column = {.spec = &spec, .domain = "d", .type_oid = cases[i].oid, .type_modifier = cases[i].oid == 1042 ? 4 + 900 : -1};
	struct mask_key *key;
	struct qw_buf out;
	bool is_null = false, reached;
	int err;

	qw_buf_init(&out, 1 << 16);
	left = n;
	key = mask_key_new(QW_LIT("secret"));
	if (key) {
		err = mask_value(&column, key, qw_bytes_from(cases[i].value), &out, &is_null);
		assert_true(err == 0 || (is_null && out.n == 0));
		assert_false(!is_null && qw_bytes_equal(qw_buf_pending(&out), qw_bytes_from(cases[i].value)));
		reached = left == 0;
		left = 0;
		qw_buf_clear(&out);
		assert_int_equal(mask_value(&column, key, qw_bytes_from(cases[i].value), &out, &is_null), 0); /* and works the next time */
		assert_false(is_null);
	} else {
		reached = true;
	}
	left = 0;
	mask_key_free(key);
	qw_buf_fini(&out);
	return reached;
}

static void test_faults(void **state)
{
	unsigned reached = 0;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++)
		for (unsigned n = 1; n < 50 && one(i, n); n++)
			reached++;
	assert_true(reached > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
