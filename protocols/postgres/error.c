/* ErrorResponse ('E') and NoticeResponse ('N'). PostgreSQL, "Error and Notice Message Fields". */
#include "internal.h"

/* Where a field goes; NULL for those that nobody here reads (position, file, line and so on). */
static const char **field_of(struct pgwire_error *e, const char **local, uint8_t code)
{
	switch (code) {
	case 'S':
		return local; /* may be translated */
	case 'V':
		return &e->severity;
	case 'C':
		return &e->sqlstate;
	case 'M':
		return &e->message;
	case 'D':
		return &e->detail;
	case 'H':
		return &e->hint;
	case 's':
		return &e->schema;
	case 'W':
		return &e->where;
	case 't':
		return &e->table;
	case 'R':
		return &e->routine;
	default:
		return NULL;
	}
}

int pgwire_error_decode(struct qw_bytes body, struct pgwire_error *out)
{
	struct cursor c = cur_from(body);
	const char *local = NULL;
	size_t fields = 0;
	uint8_t code;

	*out = (struct pgwire_error){0};
	while ((code = cur_u8(&c))) {
		const char *value = cur_cstr(&c), **to = field_of(out, &local, code);

		if (++fields > PGWIRE_ERROR_FIELDS_MAX)
			return QW_E_LIMIT;
		if (to && *to)
			return QW_E_DUPLICATE;
		if (to)
			*to = value;
	}
	if (!out->severity)
		out->severity = local;
	return cur_end(&c);
}

static void put_field(struct builder *b, uint8_t code, const char *value)
{
	if (!value)
		return;
	bld_u8(b, code);
	bld_cstr(b, value);
}

int pgwire_put_error(struct qw_buf *out, uint8_t type, const char *severity, const char *sqlstate,
	const char *message, const char *detail, const char *hint)
{
	struct builder b;

	QW_ASSERT(type == 'E' || type == 'N');
	QW_ASSERT(severity && sqlstate && message);
	bld_init(&b, out);
	bld_begin(&b, type);
	put_field(&b, 'S', severity);
	put_field(&b, 'V', severity);
	put_field(&b, 'C', sqlstate);
	put_field(&b, 'M', message);
	put_field(&b, 'D', detail);
	put_field(&b, 'H', hint);
	bld_u8(&b, 0);
	bld_end(&b);
	return bld_error(&b);
}
