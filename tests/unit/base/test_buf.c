#include "../../support/cmocka_qw.h"
#include "alloc_fail.h"

static void test_append_and_consume(void **state)
{
	struct qw_buf b;

	(void)state;
	qw_buf_init(&b, 100);
	assert_int_equal(qw_buf_pending(&b).n, 0);
	assert_int_equal(qw_buf_append(&b, "hello ", 6), 0);
	assert_int_equal(qw_buf_printf(&b, "%s", "world"), 0);
	assert_bytes_equal(qw_buf_pending(&b), QW_LIT("hello world"));
	qw_buf_consume(&b, 6);
	assert_bytes_equal(qw_buf_pending(&b), QW_LIT("world"));
	qw_buf_consume(&b, 5);
	assert_int_equal(qw_buf_pending(&b).n, 0);
	qw_buf_consume(&b, 0);
	qw_buf_fini(&b);
	qw_buf_fini(NULL);
}

static void test_max_counts_what_is_pending(void **state)
{
	struct qw_buf b;
	char bytes[100] = {0};

	(void)state;
	qw_buf_init(&b, 100);
	assert_int_equal(qw_buf_append(&b, bytes, 100), 0);
	assert_int_equal(qw_buf_append(&b, bytes, 1), QW_E_LIMIT);
	assert_int_equal(qw_buf_append(&b, bytes, 0), 0);
	assert_int_equal(qw_buf_pending(&b).n, 100);
	qw_buf_consume(&b, 40); /* room is made by sliding */
	assert_int_equal(qw_buf_append(&b, bytes, 41), QW_E_LIMIT);
	assert_int_equal(qw_buf_append(&b, bytes, 40), 0);
	assert_int_equal(qw_buf_reserve(&b, SIZE_MAX), QW_E_LIMIT);
	assert_int_equal(qw_buf_printf(&b, "x"), QW_E_LIMIT);
	qw_buf_fini(&b);
}

/* A model (plain array) and the buffer do the same random things. */
static void test_same_as_model(void **state)
{
	static uint8_t model[5000];
	struct qw_buf b;
	size_t held = 0;
	unsigned seed = 7;

	(void)state;
	qw_buf_init(&b, sizeof(model));
	for (int i = 0; i < 20000; i++) {
		size_t n;

		seed = seed * 1103515245u + 12345u;
		n = (seed >> 16) % 700;
		if (seed & 0x8000) {
			uint8_t chunk[700];
			int want = n > sizeof(model) - held ? QW_E_LIMIT : 0;

			memset(chunk, i & 0xFF, sizeof(chunk));
			assert_int_equal(qw_buf_append(&b, chunk, n), want);
			if (!want) {
				memcpy(model + held, chunk, n);
				held += n;
			}
		} else {
			n = n > held ? held : n;
			qw_buf_consume(&b, n);
			held -= n;
			memmove(model, model + n, held);
		}
		assert_bytes_equal(qw_buf_pending(&b), qw_bytes(model, held));
	}
	qw_buf_fini(&b);
}

static void test_large_storage_is_given_back(void **state)
{
	struct qw_buf b;

	(void)state;
	qw_buf_init(&b, 1 << 20);
	assert_int_equal(qw_buf_reserve(&b, 1 << 19), 0);
	b.n = 1 << 19;
	qw_buf_consume(&b, 1 << 19);
	assert_int_equal(b.cap, 0);
	assert_int_equal(qw_buf_append(&b, "x", 1), 0); /* and the maximum stays */
	assert_int_equal(b.max, 1 << 20);
	qw_buf_clear(&b);
	assert_int_equal(qw_buf_pending(&b).n, 0);
	qw_buf_fini(&b);
}

static void test_failing_realloc_changes_nothing(void **state)
{
	struct qw_buf b;
	char bytes[2000] = {0};

	(void)state;
	qw_buf_init(&b, 1 << 20);
	alloc_fail_in = 1;
	assert_int_equal(qw_buf_append(&b, "x", 1), QW_E_NOMEM);
	assert_int_equal(qw_buf_append(&b, "abc", 3), 0);
	alloc_fail_in = 1;
	assert_int_equal(qw_buf_append(&b, bytes, sizeof(bytes)), QW_E_NOMEM);
	assert_bytes_equal(qw_buf_pending(&b), QW_LIT("abc"));
	qw_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_and_consume),
		cmocka_unit_test(test_max_counts_what_is_pending),
		cmocka_unit_test(test_same_as_model),
		cmocka_unit_test(test_large_storage_is_given_back),
		cmocka_unit_test(test_failing_realloc_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
