/* Whatever allocation fails while connecting and reading the catalog: an error and no leak. */
#include "faults.h"
#include "support.h"

static void test_connect(void **state)
{
	struct upstream_target t = target_tls();
	static const struct upstream_parameter settings[] = {{"DateStyle", "ISO, DMY"}};
	bool happened = true;

	(void)state;
	for (size_t n = 1; happened; n++) {
		struct upstream_request r = {.target = &t, .database = "shop", .settings = settings, .setting_count = 1};
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
		assert_true(n < 20);
	}
}

static void test_catalog(void **state)
{
	struct upstream_target t = target_plain();
	bool happened = true;
	size_t n = 1, rounds = 0;

	(void)state;
	for (; happened; n += n < 6 ? 1 : n / 3) {
		struct upstream_failure f;
		struct catalog *c = NULL;
		int err;

		fault_arm(n);
		err = upstream_read_catalog(world.vault, &t, "shop", 1, &c, &f);
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_catalog),
	};
	int failed;

	if (world_init(argc, argv))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vault_close(world.vault);
	return failed;
}
