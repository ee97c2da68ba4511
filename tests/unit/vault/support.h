/* A folder of its own for each test, and a vault in it. */
#ifndef VAULT_TEST_SUPPORT_H
#define VAULT_TEST_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qw/vault.h"

struct place {
	char dir[64], file[96], key[96], why[256];
};

static inline int place_setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/qw-vault-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->file, sizeof(p->file), "%s/vault.qwv", p->dir);
	(void)snprintf(p->key, sizeof(p->key), "%s/vault.key", p->dir);
	*state = p;
	return 0;
}

static inline int place_teardown(void **state)
{
	struct place *p = *state;

	(void)unlink(p->file);
	(void)unlink(p->key);
	assert_int_equal(rmdir(p->dir), 0); /* nothing else may be left behind */
	free(p);
	return 0;
}

static inline struct vault *fresh_vault(struct place *p)
{
	struct vault *v = NULL;

	assert_int_equal(vault_init(p->file, p->key, p->why, sizeof(p->why)), 0);
	assert_int_equal(vault_open(p->file, p->key, &v, p->why, sizeof(p->why)), 0);
	return v;
}

static inline void set(struct vault *v, const char *name, const char *user, const char *secret)
{
	char why[256] = "";

	if (vault_set(v, name, user, qw_bytes_from(secret), why, sizeof(why)))
		fail_msg("vault_set: %s", why);
}

static inline void expect_secret(struct vault *v, const char *name, const char *user, const char *secret)
{
	struct vault_secret s;

	assert_int_equal(vault_get(v, name, &s), 0);
	assert_string_equal(s.user, user);
	assert_string_equal((const char *)s.secret, secret);
	assert_int_equal(s.secret_bytes, strlen(secret));
	vault_secret_free(&s);
	assert_null(s.secret);
}

static inline size_t read_file(const char *file, uint8_t *out, size_t max)
{
	FILE *f = fopen(file, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(out, 1, max, f);
	(void)fclose(f);
	return n;
}

static inline void write_file(const char *file, const void *p, size_t n, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

#endif
