/* The extended query protocol: Parse, Bind, Describe, Close, Execute, Sync. */
#include "internal.h"

enum { OID_BYTES = 4, VALUE_BYTES = 4, IS_NULL = -1 };

/* Parse ('P'): name, text, int16 count, int32 type OIDs. */
int pgwire_parse_decode(struct qw_bytes body, struct pgwire_parse *out)
{
	struct cursor c = cur_from(body);

	out->name = cur_cstr(&c);
	out->sql = cur_text(&c);
	out->type_count = cur_be16(&c);
	out->types = cur_bytes(&c, (size_t)out->type_count * OID_BYTES);
	return cur_end(&c);
}

/* int32 length and bytes of each value, -1 for NULL. */
static void skip_values(struct cursor *c, uint16_t count)
{
	if (!cur_fits(c, count, VALUE_BYTES))
		return;
	for (uint16_t i = 0; i < count && !c->failed; i++) {
		uint32_t n = cur_be32(c);

		if (n != (uint32_t)IS_NULL)
			(void)cur_bytes(c, n);
	}
}

/* Bind ('B'): portal, statement, parameter formats, values, result formats. */
int pgwire_bind_decode(struct qw_bytes body, struct pgwire_bind *out)
{
	struct cursor c = cur_from(body), binds;
	uint16_t format_count;

	out->portal = cur_cstr(&c);
	out->statement = cur_cstr(&c);
	binds = c;
	out->binds = cur_rest(&binds);
	format_count = cur_be16(&c);
	(void)pgwire_formats(&c, format_count);
	out->parameter_count = cur_be16(&c);
	skip_values(&c, out->parameter_count);
	out->result_format_count = cur_be16(&c);
	out->result_formats = pgwire_formats(&c, out->result_format_count);
	if (format_count > 1 && format_count != out->parameter_count)
		return QW_E_MALFORMED;
	return cur_end(&c);
}

/* Describe ('D') and Close ('C'). */
int pgwire_named_decode(struct qw_bytes body, struct pgwire_named *out)
{
	struct cursor c = cur_from(body);

	out->kind = cur_u8(&c);
	out->name = cur_cstr(&c);
	if (out->kind != 'S' && out->kind != 'P')
		return QW_E_MALFORMED;
	return cur_end(&c);
}

/* Execute ('E'). */
int pgwire_execute_decode(struct qw_bytes body, struct pgwire_execute *out)
{
	struct cursor c = cur_from(body);

	out->portal = cur_cstr(&c);
	out->max_rows = cur_be32(&c);
	return cur_end(&c);
}

int pgwire_put_describe(struct qw_buf *out, uint8_t kind, const char *name)
{
	struct builder b;

	QW_ASSERT(kind == 'S' || kind == 'P');
	bld_init(&b, out);
	bld_begin(&b, 'D');
	bld_u8(&b, kind);
	bld_cstr(&b, name);
	bld_end(&b);
	return bld_error(&b);
}

int pgwire_put_sync(struct qw_buf *out)
{
	return pgwire_put_message(out, 'S', qw_bytes(NULL, 0));
}
