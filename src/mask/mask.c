#include "room.h"

#include <stdlib.h>

static const char *const kind_names[] = {
	[MASK_NULL] = "null",
	[MASK_REDACT] = "redact",
	[MASK_PARTIAL] = "partial",
	[MASK_HASH] = "hash",
	[MASK_CONSTANT] = "constant",
	[MASK_EMAIL] = "email",
	[MASK_FF1] = "ff1",
	[MASK_DATE_SHIFT] = "date_shift",
	[MASK_ROUND] = "round",
	[MASK_TRUNCATE] = "truncate",
};

int mask_kind_parse(const char *name, enum mask_kind *out)
{
	for (size_t i = 0; name && i < QW_COUNT(kind_names); i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			*out = (enum mask_kind)i;
			return 0;
		}
	}
	return QW_E_NOTFOUND;
}

const char *mask_kind_name(enum mask_kind kind)
{
	return (size_t)kind < QW_COUNT(kind_names) ? kind_names[kind] : "unknown";
}

struct mask_key *mask_key_new(struct qw_bytes secret)
{
	struct mask_key *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->hmac = qw_hmac_new(secret);
	if (!k->hmac) {
		mask_key_free(k);
		return NULL;
	}
	return k;
}

void mask_key_free(struct mask_key *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < DOMAIN_SLOTS; i++) {
		free(k->slots[i].domain);
		qw_aes_free(k->slots[i].aes);
	}
	qw_hmac_free(k->hmac);
	free(k);
}

int mask_digest(struct mask_key *key, const char *domain, struct qw_bytes value,
	uint8_t out[QW_DIGEST_BYTES])
{
	uint8_t joined[512];
	size_t n = strlen(domain) + 1;
	int err;

	if (n <= sizeof(joined) &&
		value.n <= sizeof(joined) - n) { /* one call into libcrypto instead of three */
		memcpy(joined, domain, n);
		if (value.n)
			memcpy(joined + n, value.p, value.n);
		err = qw_hmac_compute(key->hmac, qw_bytes(joined, n + value.n), out);
		qw_wipe(joined + n, value.n);
		return err;
	}
	err = qw_hmac_start(key->hmac);
	if (!err)
		err = qw_hmac_add(key->hmac, qw_bytes(domain, n));
	if (!err)
		err = qw_hmac_add(key->hmac, value);
	if (!err)
		err = qw_hmac_end(key->hmac, out);
	return err;
}

int mask_digest_for(struct mask_key *key, const char *purpose, const char *domain, struct qw_bytes value,
	uint8_t out[QW_DIGEST_BYTES])
{
	const struct qw_bytes parts[] = {
		{(const uint8_t *)"", 1}, {(const uint8_t *)purpose, strlen(purpose) + 1},
		{(const uint8_t *)domain, strlen(domain) + 1}, value};
	uint8_t joined[512];
	size_t n = 0;
	int err;

	for (size_t i = 0; i < QW_COUNT(parts) && parts[i].n <= sizeof(joined) - n; i++) {
		if (parts[i].n)
			memcpy(joined + n, parts[i].p, parts[i].n);
		n += parts[i].n;
		if (i == QW_COUNT(parts) - 1) {
			err = qw_hmac_compute(key->hmac, qw_bytes(joined, n), out);
			qw_wipe(joined, n);
			return err;
		}
	}
	qw_wipe(joined, n);
	err = qw_hmac_start(key->hmac);
	for (size_t i = 0; i < QW_COUNT(parts) && !err; i++)
		err = qw_hmac_add(key->hmac, parts[i]);
	return err ? err : qw_hmac_end(key->hmac, out);
}

static size_t slot_of(const char *domain)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *domain; domain++)
		h = (h ^ (uint8_t)*domain) * 16777619u;
	return (h ^ h >> 16) % DOMAIN_SLOTS;
}

int mask_domain_aes(struct mask_key *key, const char *domain, struct qw_aes **out)
{
	size_t i = slot_of(domain);
	uint8_t derived[QW_DIGEST_BYTES];
	struct qw_aes *aes;
	char *copy;
	int err;

	*out = key->slots[i].aes;
	if (key->slots[i].domain && strcmp(key->slots[i].domain, domain) == 0)
		return 0;
	err = mask_digest_for(key, "ff1", domain, (struct qw_bytes){0}, derived);
	if (err)
		return err;
	aes = qw_aes_new(qw_bytes(derived, sizeof(derived)));
	qw_wipe(derived, sizeof(derived));
	copy = aes ? strdup(domain) : NULL;
	if (!copy) {
		qw_aes_free(aes);
		return QW_E_NOMEM;
	}
	free(key->slots[i].domain);
	qw_aes_free(key->slots[i].aes);
	key->slots[i].domain = copy;
	*out = key->slots[i].aes = aes;
	return 0;
}

bool mask_needs_key(enum mask_kind kind)
{
	return kind == MASK_HASH || kind == MASK_EMAIL || kind == MASK_FF1 || kind == MASK_DATE_SHIFT;
}

static bool class_is_in(enum mask_class class, enum mask_class first, enum mask_class last)
{
	return class >= first && class <= last;
}

bool mask_gives(enum mask_kind kind, enum mask_class class)
{
	bool is_text = mask_class_is_text(class);
	bool is_whole = class_is_in(class, CLASS_INT2, CLASS_OID) || class == CLASS_NUMERIC;

	switch (kind) {
	case MASK_NULL:
		return false;
	case MASK_REDACT:
	case MASK_CONSTANT:
		return class != CLASS_UNKNOWN;
	case MASK_PARTIAL:
	case MASK_EMAIL:
		return is_text;
	case MASK_HASH:
		return is_text || is_whole || class_is_in(class, CLASS_JSON, CLASS_BYTEA) || class == CLASS_UUID;
	case MASK_FF1:
		return is_text || is_whole || class == CLASS_UUID;
	case MASK_DATE_SHIFT:
	case MASK_TRUNCATE:
		return class == CLASS_DATE || class == CLASS_TIMESTAMP || class == CLASS_TIMESTAMPTZ;
	case MASK_ROUND:
		return class_is_in(class, CLASS_INT2, CLASS_MONEY);
	}
	return false;
}

int mask_one(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	if (!mask_gives(j->column->spec->kind, j->class))
		return 0;
	switch (j->column->spec->kind) {
	case MASK_NULL:
		return 0;
	case MASK_REDACT:
		return mask_redact(j->column, j->class, out, is_null);
	case MASK_PARTIAL:
		return mask_partial(j, value, out, is_null);
	case MASK_HASH:
		return mask_hash(j, value, out, is_null);
	case MASK_CONSTANT:
		return mask_constant(j->column, j->class, out, is_null);
	case MASK_EMAIL:
		return mask_email(j, value, out, is_null);
	case MASK_FF1:
		return mask_ff1(j, value, out, is_null);
	case MASK_DATE_SHIFT:
		return mask_date_shift(j, value, out, is_null);
	case MASK_ROUND:
		return mask_round(j, value, out, is_null);
	case MASK_TRUNCATE:
		return mask_truncate(j, value, out, is_null);
	}
	return 0; /* no kind of ours: NULL */
}

int mask_value_of(const struct mask_column *column, const struct mask_subject *subject, struct mask_key *key,
	struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	struct mask_job j = {.column = column, .key = key, .subject = subject};
	size_t before = out->n - out->off;
	int err;

	*is_null = true;
	if (!column->spec)
		return QW_E_STATE;
	if (column->format > FORMAT_BINARY)
		return 0;
	if (mask_needs_key(column->spec->kind) && (!key || !column->domain))
		return QW_E_STATE;
	j.class = mask_type_class(column->type_oid);
	err = j.class == CLASS_ARRAY ? mask_array(&j, value, out, is_null)
				     : mask_one(&j, value, out, is_null);
	if (err)
		*is_null = true;
	if (*is_null)
		out->n = out->off + before; /* nothing half made stays */
	return err;
}

int mask_value(const struct mask_column *column, struct mask_key *key, struct qw_bytes value,
	struct qw_buf *out, bool *is_null)
{
	return mask_value_of(column, NULL, key, value, out, is_null);
}
