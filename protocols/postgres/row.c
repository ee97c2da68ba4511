/* RowDescription ('T') and DataRow ('D'). */
#include "internal.h"

enum { COLUMN_BYTES_MIN = 19, VALUE_BYTES_MIN = 4 };

static void column_decode(struct cursor *c, struct pgwire_column *out)
{
	out->name = cur_cstr(c);
	out->table_oid = cur_be32(c);
	out->attnum = (int16_t)cur_be16(c);
	out->type_oid = cur_be32(c);
	out->type_size = (int16_t)cur_be16(c);
	out->type_modifier = (int32_t)cur_be32(c);
	out->format = cur_be16(c);
}

int pgwire_row_description_decode(
	struct qw_bytes body, struct qw_arena *arena, struct pgwire_column **out, size_t *count)
{
	struct cursor c = cur_from(body);
	size_t n = cur_be16(&c);
	struct pgwire_column *columns;

	*out = NULL;
	*count = 0;
	if (n > PGWIRE_COLUMNS_MAX)
		return QW_E_LIMIT;
	if (!cur_fits(&c, n, COLUMN_BYTES_MIN))
		return QW_E_MALFORMED;
	columns = qw_arena_alloc(arena, n * sizeof(*columns));
	if (!columns)
		return QW_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		column_decode(&c, &columns[i]);
		if (columns[i].format > 1) /* a mask must know what it writes */
			return QW_E_MALFORMED;
	}
	if (cur_end(&c))
		return QW_E_MALFORMED;
	*out = columns;
	*count = n;
	return 0;
}

int pgwire_row_open(struct qw_bytes body, struct pgwire_row *out)
{
	out->c = cur_from(body);
	out->next = 0;
	out->count = cur_be16(&out->c);
	return cur_fits(&out->c, out->count, VALUE_BYTES_MIN) ? 0 : QW_E_MALFORMED;
}

int pgwire_row_next(struct pgwire_row *r, struct qw_bytes *value, bool *is_null)
{
	uint32_t n;

	if (r->next == r->count)
		return cur_end(&r->c) ? QW_E_MALFORMED : QW_E_NOTFOUND;
	r->next++;
	n = cur_be32(&r->c);
	*is_null = n == UINT32_MAX;
	*value = cur_bytes(&r->c, *is_null ? 0 : n);
	return r->c.failed ? QW_E_MALFORMED : 0;
}
