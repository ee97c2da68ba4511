/* Inside the vault room: the file's image, how it is sealed, how it reaches the disk. */
#ifndef QW_VAULT_INTERNAL_H
#define QW_VAULT_INTERNAL_H

#include <sys/stat.h>

#include "qw/vault.h"

enum {
	VAULT_KEY_BYTES = 32,
	VAULT_NONCE_BYTES = 12,
	VAULT_TAG_BYTES = 16,
	VAULT_ID_BYTES = 16,
	VAULT_FILE_MAX = 24 * 1024 * 1024,
};

/* One entry as it is in the file: nothing in it is secret. Its strings live in the image's arena. */
struct vault_entry {
	const char *name, *user;
	uint64_t version; /* revision of the file that wrote it */
	int64_t changed_at;
	uint8_t wrap_nonce[VAULT_NONCE_BYTES], wrapped[VAULT_KEY_BYTES], wrap_tag[VAULT_TAG_BYTES];
	uint8_t nonce[VAULT_NONCE_BYTES], tag[VAULT_TAG_BYTES];
	struct qw_bytes sealed;
};

struct vault_image {
	uint8_t id[VAULT_ID_BYTES]; /* random, of this vault */
	uint64_t revision; /* grows by one with every rewrite */
	struct vault_entry *entries; /* sorted by name */
	size_t count;
	struct qw_arena arena;
};

/* Derived from the key file; in secure memory. */
struct vault_keys {
	uint8_t wrap[VAULT_KEY_BYTES], file[VAULT_KEY_BYTES];
};

/* format.c: image <-> bytes. The last 32 bytes of a file authenticate all before them. */
int vault_image_decode(struct qw_bytes file, struct vault_image *out) QW_MUST_CHECK; /* after vault_file_verify */
int vault_image_encode(const struct vault_image *im, struct qw_buf *out) QW_MUST_CHECK;
void vault_image_fini(struct vault_image *im);
const struct vault_entry *vault_image_find(const struct vault_image *im, const char *name);
/* `out` becomes `from` without `name` and, when `add` is given, with it. */
int vault_image_change(const struct vault_image *from, const char *name, const struct vault_entry *add,
	struct vault_image *out) QW_MUST_CHECK;
bool vault_name_valid(const char *name);
bool vault_user_valid(const char *user);

/* seal.c: everything that needs a key */
int vault_keys_derive(const uint8_t kek[VAULT_KEY_BYTES], struct vault_keys *out) QW_MUST_CHECK;
int vault_file_mac(const struct vault_keys *k, struct qw_bytes body, uint8_t out[32]) QW_MUST_CHECK;
int vault_file_verify(const struct vault_keys *k, struct qw_bytes file) QW_MUST_CHECK;
int vault_random(void *p, size_t n) QW_MUST_CHECK;
/* Fills the cryptographic fields of `e` from its name, user, version and changed_at; the sealed bytes go into `room`. */
int vault_entry_seal(const struct vault_keys *k, const uint8_t id[VAULT_ID_BYTES], struct vault_entry *e,
	struct qw_bytes secret, uint8_t *room /* secret.n */) QW_MUST_CHECK;
int vault_entry_unseal(const struct vault_keys *k, const uint8_t id[VAULT_ID_BYTES], const struct vault_entry *e,
	uint8_t *out /* e->sealed.n */) QW_MUST_CHECK;

/* file.c: the disk. Every function says in `why` what is wrong with which file. */
struct vault_why {
	char *text;
	size_t size;
};
int vault_fail(struct vault_why why, int err, const char *fmt, ...) QW_PRINTF(3, 4);
int vault_key_read(const char *key_file, uint8_t out[VAULT_KEY_BYTES], struct vault_why why) QW_MUST_CHECK;
int vault_key_create(const char *key_file, uint8_t out[VAULT_KEY_BYTES], struct vault_why why) QW_MUST_CHECK;
int vault_file_read(const char *file, struct qw_buf *out, struct stat *st, struct vault_why why) QW_MUST_CHECK;
int vault_file_create(const char *file, struct qw_bytes content, struct vault_why why) QW_MUST_CHECK;
int vault_file_replace(const char *file, int dir_fd, struct qw_bytes content, struct vault_why why) QW_MUST_CHECK;
/* The folder of `file`, locked against other writers until it is closed. */
int vault_dir_lock(const char *file, int *dir_fd, struct vault_why why) QW_MUST_CHECK;

#endif
