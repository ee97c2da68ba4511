/*
 * The safe: a sealed file of upstream credentials and keys. AES-256-GCM, one data key for each secret, wrapped by the key of
 * a 0400 file. Secrets live in OPENSSL_secure_malloc memory and are wiped after use. Thread-safe; a file that another
 * process replaced (`querywarden vault set`) is taken up by the next vault_get. Format and rules: docs/vault.md.
 */
#ifndef QW_VAULT_H
#define QW_VAULT_H

#include "qw/base.h"

enum {
	VAULT_NAME_MAX = 64, /* letters, digits, . _ - */
	VAULT_USER_MAX = 255, /* UTF-8 without control characters */
	VAULT_SECRET_MAX = 4096,
	VAULT_ENTRY_MAX = 4096, /* secrets in one file */
};

struct vault_secret { /* free with vault_secret_free: wipes */
	char *user; /* may be empty for keys */
	uint8_t *secret; /* one zero byte follows, so that a password is a C string */
	size_t secret_bytes;
	int64_t changed_at; /* seconds since the epoch */
};

struct vault;
/*
 * Process-wide, before anything else and before threads: secure heap (locked, not in core files), PR_SET_DUMPABLE 0, core
 * limit 0. Idempotent: call it again after a change of user, which can undo PR_SET_DUMPABLE.
 * LIMIT: memory could not be locked (raise RLIMIT_MEMLOCK); without it no vault opens.
 */
int vault_harden_process(void) QW_MUST_CHECK;
/* New key file (0400, must not exist) and empty vault file (0600, must not exist). */
int vault_init(const char *file, const char *key_file, char *why, size_t why_size) QW_MUST_CHECK;
/* Refuses files that others may read. STATE: process not hardened. CONFIG: bad file or key file. CRYPTO: wrong key, damaged. */
int vault_open(const char *file, const char *key_file, struct vault **out, char *why, size_t why_size) QW_MUST_CHECK;
void vault_close(struct vault *v);
int vault_get(struct vault *v, const char *name, struct vault_secret *out) QW_MUST_CHECK; /* NOTFOUND, CRYPTO, NOMEM, IO */
int vault_set(struct vault *v, const char *name, const char *user, struct qw_bytes secret, char *why, size_t why_size) QW_MUST_CHECK; /* rewrites the file atomically */
int vault_remove(struct vault *v, const char *name, char *why, size_t why_size) QW_MUST_CHECK;
typedef void (*vault_entry_cb)(void *ctx, const char *name, const char *user, int64_t changed_at);
int vault_each(struct vault *v, vault_entry_cb cb, void *ctx) QW_MUST_CHECK; /* names and users, never secrets */
void vault_secret_free(struct vault_secret *s);

/* Zeroed and locked memory for secrets on their way into the vault; NULL: exhausted or process not hardened. */
void *vault_memory_new(size_t n);
void vault_memory_free(void *p, size_t n); /* wipes */

#endif
