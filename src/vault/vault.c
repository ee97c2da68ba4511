#include "qw/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

struct vault {
	pthread_rwlock_t lock; /* guards image and seen */
	char *file;
	struct vault_keys *keys; /* secure memory; never changes */
	struct vault_image image;
	struct stat seen; /* the file that `image` was read from */
};

/* ---- the file and its image ---- */

static int load(const char *file, const struct vault_keys *keys, struct vault_image *out, struct stat *st,
	struct vault_why why)
{
	struct qw_buf content;
	int err;

	qw_buf_init(&content, VAULT_FILE_MAX + 1);
	err = vault_file_read(file, &content, st, why);
	if (!err && vault_file_verify(keys, qw_buf_pending(&content)))
		err = vault_fail(why, QW_E_CRYPTO, "%s: the key file does not belong to it, or it was damaged or changed", file);
	if (!err && vault_image_decode(qw_buf_pending(&content), out))
		err = vault_fail(why, QW_E_CONFIG, "%s: not a vault file of a version that we know", file);
	qw_buf_fini(&content);
	return err;
}

static int encode(const struct vault_keys *keys, const struct vault_image *im, struct qw_buf *out)
{
	uint8_t mac[32];
	int err = vault_image_encode(im, out);

	if (!err)
		err = vault_file_mac(keys, qw_buf_pending(out), mac);
	return err ? err : qw_buf_append(out, mac, sizeof(mac));
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A newer file takes the image's place; an older one of the same vault, or another vault, never does. */
static int refresh(struct vault *v, struct vault_why why)
{
	struct vault_image fresh;
	struct stat st;
	int err = load(v->file, v->keys, &fresh, &st, why);

	if (err)
		return err;
	if (memcmp(fresh.id, v->image.id, VAULT_ID_BYTES) != 0 || fresh.revision < v->image.revision) {
		vault_image_fini(&fresh);
		return vault_fail(why, QW_E_CRYPTO, "%s: was replaced by an older state or another vault", v->file);
	}
	vault_image_fini(&v->image);
	v->image = fresh;
	v->seen = st;
	return 0;
}

/*
 * Before each read. A gateway that gave up its privileges may be unable to see the file: then what it loaded at the start
 * stays good. A file that is there, is readable and is wrong is an error: we would not know what was meant.
 */
static int refresh_if_changed(struct vault *v)
{
	struct stat st;
	bool changed;
	int err = 0;

	if (lstat(v->file, &st) != 0)
		return errno == EACCES ? 0 : QW_E_IO;
	(void)pthread_rwlock_rdlock(&v->lock);
	changed = !same_file(&st, &v->seen);
	(void)pthread_rwlock_unlock(&v->lock);
	if (!changed || (faccessat(AT_FDCWD, v->file, R_OK, AT_EACCESS) != 0 && errno == EACCES))
		return 0;
	(void)pthread_rwlock_wrlock(&v->lock);
	if (!same_file(&st, &v->seen))
		err = refresh(v, (struct vault_why){NULL, 0});
	(void)pthread_rwlock_unlock(&v->lock);
	return err;
}

/* ---- life ---- */

static int write_empty(const char *file, const struct vault_keys *keys, struct vault_why why)
{
	struct vault_image empty = {.revision = 1};
	struct qw_buf content;
	int err;

	qw_buf_init(&content, VAULT_FILE_MAX);
	if (vault_random(empty.id, VAULT_ID_BYTES) || encode(keys, &empty, &content))
		err = vault_fail(why, QW_E_CRYPTO, "cannot seal an empty vault");
	else
		err = vault_file_create(file, qw_buf_pending(&content), why);
	qw_buf_fini(&content);
	return err;
}

/* Both in secure memory; NULL when the process was not hardened. */
struct key_room {
	uint8_t kek[VAULT_KEY_BYTES];
	struct vault_keys keys;
};

static int key_room_new(struct key_room **out, struct vault_why why)
{
	if (!CRYPTO_secure_malloc_initialized())
		return vault_fail(why, QW_E_STATE, "the process was not hardened: no vault is opened in common memory");
	*out = vault_memory_new(sizeof(**out));
	return *out ? 0 : vault_fail(why, QW_E_NOMEM, "no locked memory left");
}

int vault_init(const char *file, const char *key_file, char *why_text, size_t why_size)
{
	struct vault_why why = {why_text, why_size};
	struct key_room *room = NULL;
	struct stat st;
	int err = key_room_new(&room, why);

	if (err)
		return err;
	if (lstat(file, &st) == 0) /* asked first so that no key is left without its vault */
		err = vault_fail(why, QW_E_DUPLICATE, "%s: exists already; it is never overwritten", file);
	if (!err)
		err = vault_key_create(key_file, room->kek, why);
	if (!err) {
		if (vault_keys_derive(room->kek, &room->keys))
			err = vault_fail(why, QW_E_CRYPTO, "cannot derive keys");
		else
			err = write_empty(file, &room->keys, why);
		if (err)
			(void)unlink(key_file);
	}
	vault_memory_free(room, sizeof(*room));
	return err;
}

static int open_keys(struct vault *v, const char *key_file, struct vault_why why)
{
	struct key_room *room = NULL;
	int err = key_room_new(&room, why);

	if (err)
		return err;
	v->keys = vault_memory_new(sizeof(*v->keys));
	if (!v->keys)
		err = vault_fail(why, QW_E_NOMEM, "no locked memory left");
	if (!err)
		err = vault_key_read(key_file, room->kek, why);
	if (!err && vault_keys_derive(room->kek, v->keys))
		err = vault_fail(why, QW_E_CRYPTO, "cannot derive keys");
	vault_memory_free(room, sizeof(*room));
	return err;
}

int vault_open(const char *file, const char *key_file, struct vault **out, char *why_text, size_t why_size)
{
	struct vault_why why = {why_text, why_size};
	struct vault *v = calloc(1, sizeof(*v));
	int err;

	*out = NULL;
	if (!v)
		return vault_fail(why, QW_E_NOMEM, "out of memory");
	(void)pthread_rwlock_init(&v->lock, NULL);
	v->file = strdup(file);
	err = v->file ? open_keys(v, key_file, why) : vault_fail(why, QW_E_NOMEM, "out of memory");
	if (!err)
		err = load(file, v->keys, &v->image, &v->seen, why);
	if (err) {
		vault_close(v);
		return err;
	}
	*out = v;
	return 0;
}

void vault_close(struct vault *v)
{
	if (!v)
		return;
	vault_memory_free(v->keys, sizeof(*v->keys));
	vault_image_fini(&v->image);
	(void)pthread_rwlock_destroy(&v->lock);
	free(v->file);
	free(v);
}

/* ---- reading ---- */

static int unseal(const struct vault *v, const struct vault_entry *e, struct vault_secret *out)
{
	size_t user_bytes = strlen(e->user);
	int err;

	out->user = vault_memory_new(user_bytes + 1);
	out->secret = vault_memory_new(e->sealed.n + 1);
	out->secret_bytes = e->sealed.n;
	out->changed_at = e->changed_at;
	if (!out->user || !out->secret)
		err = QW_E_NOMEM;
	else
		err = vault_entry_unseal(v->keys, v->image.id, e, out->secret);
	if (err)
		vault_secret_free(out);
	else
		memcpy(out->user, e->user, user_bytes);
	return err;
}

int vault_get(struct vault *v, const char *name, struct vault_secret *out)
{
	const struct vault_entry *e;
	int err;

	*out = (struct vault_secret){.user = NULL};
	err = refresh_if_changed(v);
	if (err)
		return err;
	(void)pthread_rwlock_rdlock(&v->lock);
	e = vault_image_find(&v->image, name);
	err = e ? unseal(v, e, out) : QW_E_NOTFOUND;
	(void)pthread_rwlock_unlock(&v->lock);
	return err;
}

void vault_secret_free(struct vault_secret *s)
{
	if (!s)
		return;
	vault_memory_free(s->user, s->user ? strlen(s->user) + 1 : 0);
	vault_memory_free(s->secret, s->secret_bytes + 1);
	*s = (struct vault_secret){.user = NULL};
}

int vault_each(struct vault *v, vault_entry_cb cb, void *ctx)
{
	int err = refresh_if_changed(v);

	if (err)
		return err;
	(void)pthread_rwlock_rdlock(&v->lock);
	for (size_t i = 0; i < v->image.count; i++)
		cb(ctx, v->image.entries[i].name, v->image.entries[i].user, v->image.entries[i].changed_at);
	(void)pthread_rwlock_unlock(&v->lock);
	return 0;
}

/* ---- changing: under the folder's lock and ours, always on top of what is on the disk ---- */

static int store(struct vault *v, const char *name, const struct vault_entry *add, int dir_fd, struct vault_why why)
{
	struct vault_image next;
	struct qw_buf content;
	struct stat st;
	int err = vault_image_change(&v->image, name, add, &next);

	if (err == QW_E_LIMIT)
		return vault_fail(why, err, "%s: holds %d secrets already, the most a vault may hold", v->file, VAULT_ENTRY_MAX);
	if (err)
		return vault_fail(why, err, "out of memory");
	qw_buf_init(&content, VAULT_FILE_MAX);
	err = encode(v->keys, &next, &content);
	if (err)
		(void)vault_fail(why, err, "cannot seal the vault: %s", qw_error_text(err));
	else
		err = vault_file_replace(v->file, dir_fd, qw_buf_pending(&content), why);
	qw_buf_fini(&content);
	if (err) {
		vault_image_fini(&next);
		return err;
	}
	vault_image_fini(&v->image);
	v->image = next;
	if (lstat(v->file, &st) == 0)
		v->seen = st;
	return 0;
}

static int change_locked(struct vault *v, const char *name, struct vault_entry *add, struct qw_bytes secret, int dir_fd,
	struct vault_why why)
{
	uint8_t *room;
	int err = refresh(v, why);

	if (err)
		return err;
	if (!add)
		return vault_image_find(&v->image, name) ? store(v, name, NULL, dir_fd, why)
							 : vault_fail(why, QW_E_NOTFOUND, "no secret is named %s", name);
	room = malloc(secret.n); /* for what is sealed, not for what is secret */
	if (!room)
		return vault_fail(why, QW_E_NOMEM, "out of memory");
	add->version = v->image.revision + 1;
	err = vault_entry_seal(v->keys, v->image.id, add, secret, room);
	err = err ? vault_fail(why, err, "cannot seal the secret: %s", qw_error_text(err)) : store(v, name, add, dir_fd, why);
	free(room);
	return err;
}

static int change(struct vault *v, const char *name, struct vault_entry *add, struct qw_bytes secret,
	struct vault_why why)
{
	int dir_fd, err = vault_dir_lock(v->file, &dir_fd, why);

	if (err)
		return err;
	(void)pthread_rwlock_wrlock(&v->lock);
	err = change_locked(v, name, add, secret, dir_fd, why);
	(void)pthread_rwlock_unlock(&v->lock);
	(void)close(dir_fd);
	return err;
}

int vault_set(struct vault *v, const char *name, const char *user, struct qw_bytes secret, char *why_text, size_t why_size)
{
	struct vault_why why = {why_text, why_size};
	struct vault_entry e = {.name = name, .user = user, .changed_at = (int64_t)time(NULL)};

	if (!vault_name_valid(name))
		return vault_fail(why, QW_E_MALFORMED, "a name has 1 to %d letters, digits, dots, dashes or underscores",
			VAULT_NAME_MAX);
	if (!vault_user_valid(user))
		return vault_fail(why, QW_E_MALFORMED, "a user is UTF-8 without control characters, %d bytes at most",
			VAULT_USER_MAX);
	if (secret.n == 0 || secret.n > VAULT_SECRET_MAX)
		return vault_fail(why, QW_E_LIMIT, "a secret has 1 to %d bytes; this one has %zu", VAULT_SECRET_MAX, secret.n);
	return change(v, name, &e, secret, why);
}

int vault_remove(struct vault *v, const char *name, char *why_text, size_t why_size)
{
	struct vault_why why = {why_text, why_size};

	if (!vault_name_valid(name))
		return vault_fail(why, QW_E_NOTFOUND, "no secret has such a name");
	return change(v, name, NULL, qw_bytes(NULL, 0), why);
}
