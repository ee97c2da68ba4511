/*
 * The vault file, all numbers big-endian:
 *
 *   "QWVAULT1"  id[16]  revision u64  count u32  entry*  hmac[32]
 *   entry: name u16+bytes  user u16+bytes  version u64  changed_at i64
 *          wrap nonce[12] wrapped key[32] tag[16]  nonce[12] sealed u32+bytes tag[16]
 *
 * Entries are sorted by name and names are unique: one content, one file.
 */
#include "internal.h"

static const char magic[8] = "QWVAULT1"; /* the last character is the version */

enum { MAC_BYTES = 32, IMAGE_MAX = 32 * 1024 * 1024 };

bool vault_name_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = name ? strlen(name) : 0;

	return n > 0 && n <= VAULT_NAME_MAX && strspn(name, letters) == n;
}

bool vault_user_valid(const char *user)
{
	size_t n = user ? strlen(user) : VAULT_USER_MAX + 1;

	if (n > VAULT_USER_MAX || !qw_utf8_valid(qw_bytes(user, n)))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)user[i] < 0x20 || user[i] == 0x7f)
			return false;
	return true;
}

/* ---- reading: a failed take leaves `ok` false and zeros behind ---- */

struct reader {
	struct qw_bytes left;
	bool ok;
};

static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *p = r->left.p;

	if (!r->ok || n > r->left.n) {
		r->ok = false;
		return NULL;
	}
	r->left = qw_bytes(p + n, r->left.n - n);
	return p;
}

static void take_into(struct reader *r, uint8_t *out, size_t n)
{
	const uint8_t *p = take(r, n);

	if (p)
		memcpy(out, p, n);
}

static uint64_t take_be(struct reader *r, size_t n)
{
	const uint8_t *p = take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; p && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static struct qw_bytes take_sized(struct reader *r, size_t width)
{
	size_t n = (size_t)take_be(r, width);
	const uint8_t *p = take(r, n);

	return qw_bytes(p, p ? n : 0);
}

static const char *take_text(struct reader *r, struct qw_arena *a)
{
	struct qw_bytes s = take_sized(r, 2);
	char *copy = r->ok && !memchr(s.p, 0, s.n) ? qw_arena_strdup(a, s) : NULL;

	r->ok = r->ok && copy;
	return copy;
}

static void take_entry(struct reader *r, struct vault_entry *e, struct qw_arena *a)
{
	e->name = take_text(r, a);
	e->user = take_text(r, a);
	e->version = take_be(r, 8);
	e->changed_at = (int64_t)take_be(r, 8);
	take_into(r, e->wrap_nonce, VAULT_NONCE_BYTES);
	take_into(r, e->wrapped, VAULT_KEY_BYTES);
	take_into(r, e->wrap_tag, VAULT_TAG_BYTES);
	take_into(r, e->nonce, VAULT_NONCE_BYTES);
	e->sealed = take_sized(r, 4);
	take_into(r, e->tag, VAULT_TAG_BYTES);
	r->ok = r->ok && vault_name_valid(e->name) && vault_user_valid(e->user) && e->sealed.n <= VAULT_SECRET_MAX;
}

static int decode_entries(struct reader *r, struct vault_image *im)
{
	im->count = (size_t)take_be(r, 4);
	if (!r->ok || im->count > VAULT_ENTRY_MAX)
		return QW_E_MALFORMED;
	im->entries = qw_arena_alloc(&im->arena, (im->count + 1) * sizeof(*im->entries));
	if (!im->entries)
		return QW_E_NOMEM;
	for (size_t i = 0; i < im->count; i++) {
		take_entry(r, &im->entries[i], &im->arena);
		if (!r->ok || (i && strcmp(im->entries[i - 1].name, im->entries[i].name) >= 0))
			return QW_E_MALFORMED;
	}
	return r->left.n == 0 ? 0 : QW_E_MALFORMED;
}

/* The sealed bytes are copied: the image outlives the file's buffer. */
static int own_sealed(struct vault_image *im)
{
	for (size_t i = 0; i < im->count; i++) {
		struct qw_bytes s = im->entries[i].sealed;
		uint8_t *p = qw_arena_alloc(&im->arena, s.n + 1);

		if (!p)
			return QW_E_NOMEM;
		if (s.n)
			memcpy(p, s.p, s.n);
		im->entries[i].sealed = qw_bytes(p, s.n);
	}
	return 0;
}

int vault_image_decode(struct qw_bytes file, struct vault_image *out)
{
	struct reader r = {file, true};
	const uint8_t *start;
	int err;

	*out = (struct vault_image){.revision = 0};
	qw_arena_init(&out->arena, IMAGE_MAX);
	if (file.n < MAC_BYTES)
		return QW_E_MALFORMED;
	r.left.n -= MAC_BYTES;
	start = take(&r, sizeof(magic));
	if (!start || memcmp(start, magic, sizeof(magic)) != 0)
		return QW_E_MALFORMED;
	take_into(&r, out->id, VAULT_ID_BYTES);
	out->revision = take_be(&r, 8);
	err = decode_entries(&r, out);
	if (!err)
		err = own_sealed(out);
	if (err)
		vault_image_fini(out);
	return err;
}

/* ---- writing ---- */

static int put_be(struct qw_buf *b, uint64_t v, size_t n)
{
	uint8_t be[8];

	for (size_t i = 0; i < n; i++)
		be[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	return qw_buf_append(b, be, n);
}

static int put_sized(struct qw_buf *b, struct qw_bytes s, size_t width)
{
	int err = put_be(b, s.n, width);

	return err ? err : qw_buf_append(b, s.p, s.n);
}

static int put_entry(struct qw_buf *b, const struct vault_entry *e)
{
	int err = put_sized(b, qw_bytes_from(e->name), 2);

	if (!err)
		err = put_sized(b, qw_bytes_from(e->user), 2);
	if (!err)
		err = put_be(b, e->version, 8);
	if (!err)
		err = put_be(b, (uint64_t)e->changed_at, 8);
	if (!err)
		err = qw_buf_append(b, e->wrap_nonce, VAULT_NONCE_BYTES);
	if (!err)
		err = qw_buf_append(b, e->wrapped, VAULT_KEY_BYTES);
	if (!err)
		err = qw_buf_append(b, e->wrap_tag, VAULT_TAG_BYTES);
	if (!err)
		err = qw_buf_append(b, e->nonce, VAULT_NONCE_BYTES);
	if (!err)
		err = put_sized(b, e->sealed, 4);
	return err ? err : qw_buf_append(b, e->tag, VAULT_TAG_BYTES);
}

int vault_image_encode(const struct vault_image *im, struct qw_buf *out)
{
	int err = qw_buf_append(out, magic, sizeof(magic));

	if (!err)
		err = qw_buf_append(out, im->id, VAULT_ID_BYTES);
	if (!err)
		err = put_be(out, im->revision, 8);
	if (!err)
		err = put_be(out, im->count, 4);
	for (size_t i = 0; !err && i < im->count; i++)
		err = put_entry(out, &im->entries[i]);
	return err;
}

/* ---- the image in memory ---- */

void vault_image_fini(struct vault_image *im)
{
	qw_arena_fini(&im->arena);
	im->entries = NULL;
	im->count = 0;
}

const struct vault_entry *vault_image_find(const struct vault_image *im, const char *name)
{
	size_t low = 0, high = im->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(im->entries[middle].name, name);

		if (order == 0)
			return &im->entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int copy_entry(struct vault_image *im, const struct vault_entry *e)
{
	struct vault_entry *to = &im->entries[im->count++];
	uint8_t *sealed = qw_arena_alloc(&im->arena, e->sealed.n + 1);

	*to = *e;
	to->name = qw_arena_strdup(&im->arena, qw_bytes_from(e->name));
	to->user = qw_arena_strdup(&im->arena, qw_bytes_from(e->user));
	if (!sealed || !to->name || !to->user)
		return QW_E_NOMEM;
	if (e->sealed.n)
		memcpy(sealed, e->sealed.p, e->sealed.n);
	to->sealed = qw_bytes(sealed, e->sealed.n);
	return 0;
}

int vault_image_change(const struct vault_image *from, const char *name, const struct vault_entry *add,
	struct vault_image *out)
{
	int err = 0;

	*out = (struct vault_image){.revision = from->revision + 1};
	memcpy(out->id, from->id, VAULT_ID_BYTES);
	qw_arena_init(&out->arena, IMAGE_MAX);
	out->entries = qw_arena_alloc(&out->arena, (from->count + 1) * sizeof(*out->entries));
	if (!out->entries)
		err = QW_E_NOMEM;
	for (size_t i = 0; !err && i < from->count; i++) {
		int order = strcmp(from->entries[i].name, name);

		if (order > 0 && add) {
			err = copy_entry(out, add);
			add = NULL;
		}
		if (!err && order != 0)
			err = copy_entry(out, &from->entries[i]);
	}
	if (!err && add)
		err = copy_entry(out, add);
	if (!err && out->count > VAULT_ENTRY_MAX)
		err = QW_E_LIMIT;
	if (err)
		vault_image_fini(out);
	return err;
}
