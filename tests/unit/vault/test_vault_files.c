/* Files that must be refused: readable by others, links, damaged, of another key, older than what we saw. */
#include <openssl/evp.h>

#include "support.h"

static void open_refused(struct place *p, int err, const char *reason)
{
	struct vault *v = NULL;

	assert_int_equal(vault_open(p->file, p->key, &v, p->why, sizeof(p->why)), err);
	assert_null(v);
	if (!strstr(p->why, reason))
		fail_msg("\"%s\" does not say \"%s\"", p->why, reason);
}

static mode_t mode_of(const char *file)
{
	struct stat st;

	assert_int_equal(lstat(file, &st), 0);
	return st.st_mode & 07777;
}

static void test_modes(void **state)
{
	struct place *p = *state;
	struct vault *v;
	static const mode_t bad[] = {0440, 0404, 0420, 0401, 0644, 0660};

	(void)umask(0);
	v = fresh_vault(p);
	set(v, "a", "u", "x");
	vault_close(v);
	assert_int_equal(mode_of(p->file), 0600);
	assert_int_equal(mode_of(p->key), 0400);
	for (size_t i = 0; i < QW_COUNT(bad); i++) {
		assert_int_equal(chmod(p->key, bad[i]), 0);
		open_refused(p, QW_E_CONFIG, "lets others in");
	}
	assert_int_equal(chmod(p->key, 0600), 0);
	assert_int_equal(chmod(p->file, 0640), 0);
	open_refused(p, QW_E_CONFIG, "lets others in");
	(void)umask(022);
}

static void test_owner(void **state)
{
	struct place *p = *state;

	if (geteuid() != 0)
		skip();
	vault_close(fresh_vault(p));
	assert_int_equal(chown(p->key, 12345, 0), 0);
	open_refused(p, QW_E_CONFIG, "belongs to uid 12345");
}

static void test_links(void **state)
{
	struct place *p = *state;
	char real[128];

	vault_close(fresh_vault(p));
	(void)snprintf(real, sizeof(real), "%s.real", p->key);
	assert_int_equal(rename(p->key, real), 0);
	assert_int_equal(symlink(real, p->key), 0);
	open_refused(p, QW_E_CONFIG, "symbolic link");
	assert_int_equal(rename(real, p->key), 0);
	(void)snprintf(real, sizeof(real), "%s.real", p->file);
	assert_int_equal(rename(p->file, real), 0);
	assert_int_equal(symlink(real, p->file), 0);
	open_refused(p, QW_E_CONFIG, "symbolic link");
	assert_int_equal(rename(real, p->file), 0);
}

static void test_not_files(void **state)
{
	struct place *p = *state;

	open_refused(p, QW_E_NOTFOUND, "vault.key");
	assert_int_equal(mkfifo(p->key, 0400), 0); /* must not hang */
	open_refused(p, QW_E_CONFIG, "not a regular file");
	assert_int_equal(unlink(p->key), 0);
	assert_int_equal(mkdir(p->key, 0700), 0);
	open_refused(p, QW_E_CONFIG, "not a regular file");
	assert_int_equal(rmdir(p->key), 0);
}

static void test_never_overwrites(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	uint8_t before[256], after[256];
	size_t n = read_file(p->key, before, sizeof(before));

	assert_int_equal(vault_init(p->file, p->key, p->why, sizeof(p->why)), QW_E_DUPLICATE);
	assert_non_null(strstr(p->why, "exists already"));
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(vault_init(p->file, p->key, p->why, sizeof(p->why)), QW_E_DUPLICATE);
	assert_int_equal(access(p->file, F_OK), -1); /* no vault without its key */
	assert_int_equal(read_file(p->key, after, sizeof(after)), n);
	assert_true(qw_bytes_equal(qw_bytes(before, n), qw_bytes(after, n)));
	assert_int_equal(unlink(p->key), 0);
	assert_int_equal(vault_init("/nonexistent/v", p->key, p->why, sizeof(p->why)), QW_E_NOTFOUND);
	assert_int_equal(access(p->key, F_OK), -1); /* nor a key without its vault */
	vault_close(v);
}

static void replace_key(struct place *p, const char *text)
{
	assert_int_equal(unlink(p->key), 0);
	write_file(p->key, text, strlen(text), 0400);
}

/* The same key in base64 opens what its hex digits made. */
static void test_key_texts(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	static const char *const bad[] = {"", "abc", "zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!AA="};
	static const char other[] = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\r\n";
	uint8_t text[128], raw[32];
	char base64[64];

	assert_int_equal(read_file(p->key, text, sizeof(text)), 65);
	assert_int_equal(qw_unhex(qw_bytes(text, 64), raw), 0);
	assert_int_equal(EVP_EncodeBlock((uint8_t *)base64, raw, 32), 44);
	vault_close(v);
	replace_key(p, base64);
	assert_int_equal(vault_open(p->file, p->key, &v, p->why, sizeof(p->why)), 0);
	vault_close(v);
	for (size_t i = 0; i < QW_COUNT(bad); i++) {
		replace_key(p, bad[i]);
		open_refused(p, QW_E_CONFIG, "is not a vault key");
	}
	replace_key(p, other);
	open_refused(p, QW_E_CRYPTO, "the key file does not belong to it");
}

static void test_damage(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	uint8_t content[1024];
	size_t n;

	set(v, "a", "user", "secret");
	vault_close(v);
	n = read_file(p->file, content, sizeof(content));
	assert_true(n < sizeof(content));
	for (size_t i = 0; i < n; i++) { /* every byte */
		content[i] ^= 0x40;
		write_file(p->file, content, n, 0600);
		open_refused(p, QW_E_CRYPTO, "damaged or changed");
		content[i] ^= 0x40;
	}
	for (size_t i = 0; i < n; i++) { /* every prefix */
		write_file(p->file, content, i, 0600);
		open_refused(p, QW_E_CRYPTO, "damaged or changed");
	}
	content[n] = 0;
	write_file(p->file, content, n + 1, 0600);
	open_refused(p, QW_E_CRYPTO, "damaged or changed");
}

/* A copy of last month's file must not bring last month's password back while we run. */
static void test_rollback(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	uint8_t old[1024];
	struct vault_secret s;
	size_t n;

	set(v, "a", "u", "old");
	n = read_file(p->file, old, sizeof(old));
	set(v, "a", "u", "new");
	expect_secret(v, "a", "u", "new");
	write_file(p->file, old, n, 0600);
	assert_int_equal(vault_get(v, "a", &s), QW_E_CRYPTO);
	assert_int_equal(vault_set(v, "a", "u", QW_LIT("x"), p->why, sizeof(p->why)), QW_E_CRYPTO);
	assert_non_null(strstr(p->why, "older state"));
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(vault_get(v, "a", &s), QW_E_IO);
	vault_close(v);
}

static void test_leftover_of_a_crash(void **state)
{
	struct place *p = *state;
	struct vault *v = fresh_vault(p);
	char stale[128];

	(void)snprintf(stale, sizeof(stale), "%s/.vault.qwv.new", p->dir);
	write_file(stale, "half a file", 11, 0644);
	set(v, "a", "u", "x");
	assert_int_equal(access(stale, F_OK), -1);
	assert_int_equal(symlink("/etc/passwd", stale), 0);
	set(v, "a", "u", "y");
	expect_secret(v, "a", "u", "y");
	assert_int_equal(mode_of(p->file), 0600);
	vault_close(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define VAULT_TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
		VAULT_TEST(test_modes),
		VAULT_TEST(test_owner),
		VAULT_TEST(test_links),
		VAULT_TEST(test_not_files),
		VAULT_TEST(test_never_overwrites),
		VAULT_TEST(test_key_texts),
		VAULT_TEST(test_damage),
		VAULT_TEST(test_rollback),
		VAULT_TEST(test_leftover_of_a_crash),
	};
	struct vault *v = NULL;
	char why[128], file[] = "/tmp/none", key[] = "/tmp/none";

	/* Before hardening nothing opens. */
	if (vault_open(file, key, &v, why, sizeof(why)) != QW_E_STATE || v || vault_memory_new(1))
		return 1;
	if (vault_harden_process())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
