/* What is put in comes out, from several processes and threads, and is in the right kind of memory. */
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "support.h"

static void test_hardened(void **state)
{
	struct rlimit core;

	(void)state;
	assert_int_equal(vault_harden_process(), 0); /* again */
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_cur, 0);
	assert_int_equal(core.rlim_max, 0);
}

static void test_round_trip(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p), *w = NULL;

	set(v, "shop-app", "app", "s3cret pass'word");
	set(v, "mask", "", "k");
	set(v, "Shop.2", "ann \xc3\xa9", "another");
	set(v, "shop-app", "app2", "changed");
	expect_secret(v, "shop-app", "app2", "changed");
	vault_close(v);
	assert_int_equal(vault_open(p->file, p->key, &w, p->why, sizeof(p->why)), 0);
	expect_secret(w, "shop-app", "app2", "changed");
	expect_secret(w, "mask", "", "k");
	expect_secret(w, "Shop.2", "ann \xc3\xa9", "another");
	vault_close(w);
}

static void test_binary_secret(void **state)
{
	struct vault *v = fresh_vault(*state);
	uint8_t key[VAULT_SECRET_MAX];
	struct vault_secret s;
	char why[128];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7);
	assert_int_equal(vault_set(v, "k", "", qw_bytes(key, sizeof(key)), why, sizeof(why)), 0);
	assert_int_equal(vault_get(v, "k", &s), 0);
	assert_int_equal(s.secret_bytes, sizeof(key));
	assert_memory_equal(s.secret, key, sizeof(key));
	assert_int_equal(s.secret[sizeof(key)], 0);
	assert_true(CRYPTO_secure_allocated(s.secret));
	assert_true(CRYPTO_secure_allocated(s.user));
	vault_secret_free(&s);
	vault_close(v);
}

static void test_nothing_readable_in_the_file(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	uint8_t content[8192];
	size_t n;

	set(v, "shop-app", "app", "correct-horse-battery");
	n = read_file(p->file, content, sizeof(content));
	assert_null(memmem(content, n, "correct-horse", 13));
	assert_non_null(memmem(content, n, "shop-app", 8));
	vault_close(v);
}

static void test_missing_and_removed(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	struct vault_secret s;

	set(v, "a", "u", "x");
	set(v, "b", "u", "y");
	assert_int_equal(vault_get(v, "c", &s), QW_E_NOTFOUND);
	assert_int_equal(vault_get(v, "", &s), QW_E_NOTFOUND);
	assert_int_equal(vault_remove(v, "a", p->why, sizeof(p->why)), 0);
	assert_int_equal(vault_get(v, "a", &s), QW_E_NOTFOUND);
	assert_null(s.secret);
	expect_secret(v, "b", "u", "y");
	assert_int_equal(vault_remove(v, "a", p->why, sizeof(p->why)), QW_E_NOTFOUND);
	vault_close(v);
}

static void test_refused_values(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	static uint8_t large[VAULT_SECRET_MAX + 1];
	char name[VAULT_NAME_MAX + 2], user[VAULT_USER_MAX + 2];
	static const char *const bad_names[] = {"", "a b", "../x", "a/b", "\xc3\xa9", "a\n"};
	static const char *const bad_users[] = {"a\nb", "\x7f", "\xff"};

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	memset(user, 'u', sizeof(user) - 1);
	user[sizeof(user) - 1] = 0;
	for (size_t i = 0; i < QW_COUNT(bad_names); i++)
		assert_int_equal(vault_set(v, bad_names[i], "u", QW_LIT("x"), p->why, sizeof(p->why)), QW_E_MALFORMED);
	for (size_t i = 0; i < QW_COUNT(bad_users); i++)
		assert_int_equal(vault_set(v, "n", bad_users[i], QW_LIT("x"), p->why, sizeof(p->why)), QW_E_MALFORMED);
	assert_int_equal(vault_set(v, name, "u", QW_LIT("x"), p->why, sizeof(p->why)), QW_E_MALFORMED);
	assert_int_equal(vault_set(v, "n", user, QW_LIT("x"), p->why, sizeof(p->why)), QW_E_MALFORMED);
	assert_int_equal(vault_set(v, "n", "u", QW_LIT(""), p->why, sizeof(p->why)), QW_E_LIMIT);
	assert_int_equal(vault_set(v, "n", "u", qw_bytes(large, sizeof(large)), p->why, sizeof(p->why)), QW_E_LIMIT);
	vault_close(v);
}

static void note_entry(void *ctx, const char *name, const char *user, int64_t changed_at)
{
	struct qw_buf *seen = ctx;

	assert_true(changed_at > 1600000000);
	assert_int_equal(qw_buf_printf(seen, "%s=%s;", name, user), 0);
}

static void test_list_is_sorted(void **state)
{
	struct vault *v = fresh_vault(*state);
	struct qw_buf seen;

	qw_buf_init(&seen, 1000);
	set(v, "m", "1", "x");
	set(v, "z", "2", "x");
	set(v, "a", "3", "x");
	assert_int_equal(vault_each(v, note_entry, &seen), 0);
	assert_int_equal(seen.n, strlen("a=3;m=1;z=2;"));
	assert_memory_equal(seen.p, "a=3;m=1;z=2;", seen.n);
	qw_buf_fini(&seen);
	vault_close(v);
}

/* Two open vaults stand for two processes: each sees the other's change, and neither undoes it. */
static void test_change_by_another(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p), *w = NULL;

	assert_int_equal(vault_open(p->file, p->key, &w, p->why, sizeof(p->why)), 0);
	set(v, "a", "u", "one");
	expect_secret(w, "a", "u", "one");
	set(w, "b", "u", "two");
	set(v, "c", "u", "three");
	expect_secret(v, "b", "u", "two");
	expect_secret(w, "c", "u", "three");
	vault_close(v);
	vault_close(w);
}

enum { THREADS = 4, ROUNDS = 50 };

static void *read_often(void *ctx)
{
	struct vault_secret s;
	size_t good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (vault_get(ctx, "a", &s) == 0 && s.secret_bytes == 3)
			good++;
		vault_secret_free(&s);
	}
	return (void *)good;
}

static void test_threads(void **state)
{
	struct vault *v = fresh_vault(*state);
	pthread_t threads[THREADS];

	set(v, "a", "u", "one");
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_often, v), 0);
	for (int i = 0; i < 10; i++)
		set(v, "a", "u", i % 2 ? "two" : "six");
	for (size_t i = 0; i < THREADS; i++) {
		void *good;

		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal((size_t)good, ROUNDS);
	}
	vault_close(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hardened),
#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
		VAULT_TEST(test_round_trip),
		VAULT_TEST(test_binary_secret),
		VAULT_TEST(test_nothing_readable_in_the_file),
		VAULT_TEST(test_missing_and_removed),
		VAULT_TEST(test_refused_values),
		VAULT_TEST(test_list_is_sorted),
		VAULT_TEST(test_change_by_another),
		VAULT_TEST(test_threads),
	};

	if (vault_harden_process())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
