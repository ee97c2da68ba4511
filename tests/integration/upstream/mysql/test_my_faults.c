/* Whatever allocation fails while connecting to MySQL, reading its catalog and feeling its pulse: an error and no leak. */
#include "faults.h"
#include "my.h"

static void test_connect(void **state)
{
	struct upstream_target t = my_tls();
	bool happened = true;

	(void)state;
	for (size_t n = 1; happened; n++) {
		struct upstream_request r = {.dialect = UPSTREAM_MYSQL, .target = &t, .database = "shop"};
		struct upstream_cancel *c = NULL;
		struct upstream_failure f;
		struct upstream *u = NULL;
		int err;

		fault_arm(n);
		err = upstream_connect(world.vault, &r, &u, &f);
		if (!err)
			c = upstream_cancel_new(u);
		happened = fault_disarm();
		assert_int_equal(err || !c, happened);
		if (err)
			assert_true(*f.sqlstate && *f.message && !u);
		upstream_cancel_free(c);
		upstream_free(u);
		assert_true(n < 60);
	}
}

static void test_catalog(void **state)
{
	struct upstream_target t = my_tls();
	bool happened = true;
	size_t n = 1, rounds = 0;

	(void)state;
	for (; happened; n += n < 6 ? 1 : n / 3) {
		struct upstream_failure f;
		struct catalog *c = NULL;
		int err;

		fault_arm(n);
		err = upstream_read_catalog(world.vault, &t, NULL, 1, &c, &f);
		happened = fault_disarm();
		assert_int_equal(err != 0, happened);
		assert_int_equal(c == NULL, happened);
		if (err)
			assert_true(*f.sqlstate && *f.message && *f.detail);
		catalog_unref(c);
		rounds++;
	}
	assert_true(rounds > 8);
}

static void test_pulse(void **state)
{
	struct upstream_target t = my_tls();
	bool happened = true;

	(void)state;
	for (size_t n = 1; happened; n++) {
		struct upstream_pulse *p = NULL;
		struct upstream_failure f;
		uint64_t beat = 0;
		int err;

		fault_arm(n);
		err = upstream_pulse_open(world.vault, &t, NULL, &p, &f);
		if (!err)
			err = upstream_pulse(p, &beat, &f);
		happened = fault_disarm();
		assert_int_equal(err != 0, happened);
		if (err)
			assert_true(*f.sqlstate && *f.message && *f.detail);
		upstream_pulse_free(p);
		assert_true(n < 60);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_pulse),
	};
	int failed;

	if (my_init(argc, argv))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vault_close(world.vault);
	return failed;
}
