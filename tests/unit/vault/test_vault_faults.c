/* Whatever allocation fails: an error, no crash, no leak, and the file holds the old or the new state. */
#include "faults.h"
#include "support.h"

static void fill(struct place *p)
{
	struct vault *v = fresh_vault(p);

	set(v, "a", "u", "one");
	set(v, "c", "u", "three");
	vault_close(v);
}

static void count_entry(void *ctx, const char *name, const char *user, int64_t changed_at)
{
	(void)name;
	(void)user;
	(void)changed_at;
	++*(int *)ctx;
}

/* Opens, adds, reads, lists and removes; the first error ends it. */
static int use_vault(struct place *p)
{
	struct vault_secret s = {.user = NULL};
	struct vault *v = NULL;
	int entries = 0, err = vault_open(p->file, p->key, &v, p->why, sizeof(p->why));

	if (!err)
		err = vault_set(v, "b", "u", QW_LIT("two"), p->why, sizeof(p->why));
	if (!err)
		err = vault_get(v, "b", &s);
	vault_secret_free(&s);
	if (!err)
		err = vault_each(v, count_entry, &entries);
	if (!err)
		err = vault_remove(v, "b", p->why, sizeof(p->why));
	vault_close(v);
	return err;
}

static void test_every_allocation(void **state)
{
	struct place *p = *state;
	bool happened = true;

	fill(p);
	for (size_t n = 1; happened; n++) {
		struct vault *v = NULL;
		int err;

		fault_arm(n);
		err = use_vault(p);
		happened = fault_disarm();
		assert_int_equal(err != 0, happened);
		assert_int_equal(vault_open(p->file, p->key, &v, p->why, sizeof(p->why)), 0);
		expect_secret(v, "a", "u", "one");
		expect_secret(v, "c", "u", "three");
		vault_close(v);
		assert_true(n < 100);
	}
}

static void test_init(void **state)
{
	struct place *p = *state;

	for (size_t n = 1;; n++) {
		int err;

		fault_arm(n);
		err = vault_init(p->file, p->key, p->why, sizeof(p->why));
		if (!fault_disarm()) {
			assert_int_equal(err, 0);
			break;
		}
		assert_true(err < 0);
		assert_int_equal(access(p->key, F_OK), -1);
		assert_int_equal(access(p->file, F_OK), -1);
	}
}

/* More secrets in use than the locked heap holds: refused, and good again when some are given back. */
static void test_locked_memory_runs_out(void **state)
{
	struct vault *v = fresh_vault(*state);
	static struct vault_secret held[1000];
	static uint8_t large[VAULT_SECRET_MAX];
	char why[200];
	size_t n = 0;
	int err;

	memset(large, 'x', sizeof(large));
	assert_int_equal(vault_set(v, "l", "u", qw_bytes(large, sizeof(large)), why, sizeof(why)), 0);
	while ((err = vault_get(v, "l", &held[n])) == 0 && n + 1 < QW_COUNT(held))
		n++;
	assert_int_equal(err, QW_E_NOMEM);
	assert_null(held[n].secret);
	assert_true(n > 10);
	while (n > 0)
		vault_secret_free(&held[--n]);
	assert_int_equal(vault_get(v, "l", &held[0]), 0);
	vault_secret_free(&held[0]);
	vault_close(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
		VAULT_TEST(test_every_allocation),
		VAULT_TEST(test_init),
		VAULT_TEST(test_locked_memory_runs_out),
	};

	if (vault_harden_process())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
