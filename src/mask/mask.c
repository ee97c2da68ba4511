#include "room.h"

#include <stdlib.h>

static const char *const kind_names[] = {
	[MASK_NULL] = "null",
	[MASK_REDACT] = "redact",
	[MASK_PARTIAL] = "partial",
	[MASK_HASH] = "hash",
	[MASK_CONSTANT] = "constant",
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
	qw_hmac_free(k->hmac);
	free(k);
}

int mask_value(const struct mask_column *column, struct mask_key *key, struct qw_bytes value,
	struct qw_buf *out, bool *is_null)
{
	enum mask_class class = mask_type_class(column->type_oid);

	*is_null = true;
	if (!column->spec)
		return QW_E_STATE;
	if (column->format > FORMAT_BINARY)
		return 0;
	switch (column->spec->kind) {
	case MASK_NULL:
		return 0;
	case MASK_REDACT:
		return mask_redact(column, class, out, is_null);
	case MASK_PARTIAL:
		return mask_partial(column, class, value, out, is_null);
	case MASK_HASH:
		return mask_hash(column, class, key, value, out, is_null);
	case MASK_CONSTANT:
		return mask_constant(column, class, out, is_null);
	}
	return 0; /* no kind of ours: NULL */
}
